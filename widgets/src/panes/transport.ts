/** First, back, slider, forward, last, play: how one walks a trace. */

import { button, type Child, fill, h } from "../dom.ts";
import { icon } from "../draw/icons.ts";
import type { Stop } from "../link.ts";

export interface Transport {
  readonly element: HTMLElement;
  /** Show step `now` of 0 … last and its words. */
  show(now: number, last: number, words: string): void;
  play(on?: boolean): void;
  readonly playing: boolean;
  stop: Stop;
}

const EVERY = 450;

/** `go` is called with the step asked for; `playable` adds the play button. */
export function createTransport(go: (step: number) => void, playable: boolean, ...more: Child[]): Transport {
  let [now, last] = [0, 0];
  let timer: ReturnType<typeof setInterval> | undefined;
  const to = (step: number) => {
    play(false);
    go(Math.min(last, Math.max(0, step)));
  };
  const slider = h("input", {
    type: "range",
    min: "0",
    max: "0",
    value: "0",
    class: "dl-slider",
    "aria-label": "step",
  });
  slider.addEventListener("input", () => to(Number(slider.value)));
  const words = h("span", { class: "dl-step" });
  const first = button(icon("first"), "first (Home)", () => to(0));
  const back = button(icon("back"), "back (←)", () => to(now - 1));
  const on = button(icon("next"), "forward (→)", () => to(now + 1));
  const end = button(icon("last"), "last (End)", () => to(last));
  const face = button(icon("play"), "play or pause (Space)", () => play(timer === undefined));

  function play(wanted: boolean): void {
    clearInterval(timer);
    timer = undefined;
    if (wanted && last > 0) {
      if (now >= last) go(0);
      timer = setInterval(() => (now >= last ? play(false) : go(now + 1)), EVERY);
    }
    fill(face, icon(timer === undefined ? "play" : "pause"));
  }

  return {
    element: h("div", { class: "dl-transport" }, first, back, on, end, playable && face, slider, words, ...more),
    show(step, most, text) {
      [now, last] = [step, most];
      slider.max = String(most);
      slider.value = String(step);
      slider.setAttribute("aria-valuetext", text);
      slider.style.setProperty("--dl-at", `${most > 0 ? (100 * step) / most : 0}%`);
      fill(words, text);
      first.disabled = back.disabled = step <= 0;
      on.disabled = end.disabled = step >= most;
    },
    play: (wanted = timer === undefined) => play(wanted),
    get playing() {
      return timer !== undefined;
    },
    stop: () => clearInterval(timer),
  };
}
