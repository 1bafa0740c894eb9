/** A model as anywidget gives one: traits, events, messages; and the finding of things in what was drawn. */

import { vi } from "vitest";
import widget from "./all.ts";
import { state } from "./states.ts";

type Act = (...args: never[]) => void;

export class FakeModel {
  readonly sent: Record<string, unknown>[] = [];
  saves = 0;
  dead = false;
  /** What the kernel says to a question; undefined: nothing. */
  answer: (question: Record<string, unknown>) => unknown = () => undefined;
  private readonly acts = new Map<string, Set<Act>>();
  constructor(private readonly values: Record<string, unknown>) {}
  get(key: string): unknown {
    return this.values[key];
  }
  set(key: string, value: unknown): void {
    this.values[key] = value;
    this.emit(`change:${key}`);
  }
  save_changes(): void {
    if (this.dead) throw new Error("comm is closed");
    this.saves++;
  }
  on(event: string, act: Act): void {
    this.acts.set(event, (this.acts.get(event) ?? new Set()).add(act));
  }
  off(event: string, act: Act): void {
    this.acts.get(event)?.delete(act);
  }
  send(content: Record<string, unknown>): void {
    if (this.dead) throw new Error("comm is closed");
    this.sent.push(content);
    const answer = this.answer(content);
    if (answer !== undefined) setTimeout(() => this.emit("msg:custom", answer, []), 10);
  }
  get listeners(): number {
    return [...this.acts.values()].reduce((sum, acts) => sum + acts.size, 0);
  }
  emit(event: string, ...args: unknown[]): void {
    for (const act of [...(this.acts.get(event) ?? [])]) (act as (...a: unknown[]) => void)(...args);
  }
}

/** The graph view alone, of this section, with a kernel that answers by `answer`. */
export function showGraph(section: unknown, answer: FakeModel["answer"] = () => undefined) {
  const model = new FakeModel({ ...state(), views: ["graph"], graph: section, cursor: null });
  model.answer = answer;
  const el = document.createElement("div");
  document.body.append(el);
  const stop = widget.render({ model, el });
  const one = (selector: string): HTMLElement => {
    const found = el.querySelector<HTMLElement>(selector);
    if (!found) throw new Error(`nothing matches ${selector}`);
    return found;
  };
  const all = (selector: string) => [...el.querySelectorAll<HTMLElement>(selector)];
  const button = (words: string) => {
    const found = all("button").find((b) => (b.textContent || b.title).includes(words));
    if (!found) throw new Error(`no button says ${words}`);
    return found;
  };
  return {
    el,
    model,
    stop,
    one,
    all,
    button,
    node: (id: string) => one(`[data-id="${id}"]`),
    click: (target: HTMLElement, kind = "click") => target.dispatchEvent(new MouseEvent(kind, { bubbles: true })),
    press: (key: string, more: KeyboardEventInit = {}, at = ".dl-root") =>
      one(at).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more })),
    type(words: string) {
      const box = one(".dl-search") as HTMLInputElement;
      box.dispatchEvent(new FocusEvent("focus"));
      box.value = words;
      box.dispatchEvent(new Event("input"));
    },
    choose(selector: string, value: string) {
      const select = one(selector) as HTMLSelectElement;
      select.value = value;
      select.dispatchEvent(new Event("change"));
    },
    selection: () => (model.get("cursor") as { selection: string } | null)?.selection,
    said: () => one(".dl-live").textContent,
    wait: (ms = 20) => vi.advanceTimersByTime(ms),
  };
}
