/** The only file that knows anywidget: one model becomes one link, one `el` one shell. */

import { debounce, type Link, localLink, readArchive, type Stop } from "./link.ts";
import { type Importer, importText, type ViewModule } from "./modules.ts";
import type { Question } from "./payload.ts";
import { createShell } from "./shell.ts";

/** The part of anywidget's model that is used here. */
interface AnyModel {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  save_changes(): void;
  on(event: string, act: (...args: never[]) => void): void;
  off(event: string, act: (...args: never[]) => void): void;
  send(content: unknown): unknown;
}

interface RenderProps {
  readonly model: AnyModel;
  readonly el: HTMLElement;
  readonly signal?: AbortSignal;
}

/** Focus moves many times a second while a trace plays; the kernel hears of the last of them. */
const SAVE_AFTER = 120;

function modelLink(model: AnyModel): { link: Link; stop: Stop } {
  const saving = debounce(() => quietly(() => model.save_changes()), SAVE_AFTER);
  const link: Link = {
    kernel: true,
    get: (key) => model.get(key),
    set(key, value) {
      model.set(key, value);
      saving.call();
    },
    listen(key, act) {
      model.on(`change:${key}`, act);
      return () => model.off(`change:${key}`, act);
    },
    send: (question: Question) => quietly(() => model.send(question)),
    hear(act) {
      const heard = (message: unknown, buffers?: readonly DataView[]) => act(message, buffers ?? []);
      model.on("msg:custom", heard);
      return () => model.off("msg:custom", heard);
    },
  };
  return { link, stop: saving.flush };
}

/** Run `act`; false when it threw, as every call does once the kernel is gone. */
function quietly(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (fault) {
    console.warn("difflab: the kernel could not be reached", fault);
    return false;
  }
}

/** A widget that has these views' modules at hand, and gets others from the kernel when they are shown. */
export function widgetOf(own: readonly ViewModule[], run: Importer = importText) {
  function render({ model, el, signal }: RenderProps): Stop {
    const { link, stop } = modelLink(model);
    const take = createShell(el, link, own, run);
    let done = false;
    const end = () => {
      if (done) return;
      done = true;
      stop();
      take();
    };
    signal?.addEventListener?.("abort", end, { once: true });
    return end;
  }

  /** Draw a plain state object into `el`, with the views of `more` too, for pages, which answer from the text of their archive. */
  function mount(
    el: HTMLElement,
    state: Readonly<Record<string, unknown>>,
    archive = "",
    more: readonly ViewModule[] = [],
  ): Stop {
    return createShell(el, localLink(state, readArchive(archive)), [...own, ...more], run);
  }

  return { render, mount };
}
