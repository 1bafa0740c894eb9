import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { belongsToInput, listenKeys, stepKey } from "../src/keys.ts";

const key = (name: string, more: KeyboardEventInit = {}) =>
  new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more });

describe("keys typed in the widget", () => {
  let root: HTMLElement;
  let outside: ReturnType<typeof vi.fn<(event: KeyboardEvent) => void>>;
  let act: ReturnType<typeof vi.fn<(event: KeyboardEvent) => boolean>>;
  let stop: () => void;

  beforeEach(() => {
    document.body.innerHTML =
      '<div id="root" tabindex="0"><input type="search"><input type="range"><button></button><b></b></div>';
    root = document.getElementById("root") as HTMLElement;
    outside = vi.fn();
    act = vi.fn((event: KeyboardEvent) => event.key === "f");
    document.body.addEventListener("keydown", outside);
    stop = listenKeys(root, act);
  });
  afterEach(() => {
    stop();
    document.body.removeEventListener("keydown", outside);
  });

  test("d d never reaches the notebook", () => {
    root.dispatchEvent(key("d"));
    root.querySelector("b")?.dispatchEvent(key("d"));
    root.querySelector("input")?.dispatchEvent(key("d"));
    expect(outside).not.toHaveBeenCalled();
  });

  test("a used key has no default action, an unused one keeps it", () => {
    const [used, unused] = [key("f"), key("d")];
    root.dispatchEvent(used);
    root.dispatchEvent(unused);
    expect([used.defaultPrevented, unused.defaultPrevented]).toEqual([true, false]);
  });

  test("a text field gets its letters", () => {
    const typed = key("f");
    root.querySelector("input")?.dispatchEvent(typed);
    expect(typed.defaultPrevented).toBe(false);
    expect(act).not.toHaveBeenCalled();
  });

  test("Tab and unused keys with Ctrl go on", () => {
    root.dispatchEvent(key("Tab"));
    root.dispatchEvent(key("s", { ctrlKey: true }));
    expect(outside).toHaveBeenCalledTimes(2);
  });

  test("after stopping, keys go on", () => {
    stop();
    root.dispatchEvent(key("d"));
    expect(outside).toHaveBeenCalledOnce();
  });

  test.each([
    ["input[type=search]", "x", true],
    ["input[type=search]", "Escape", false],
    ["input[type=range]", "ArrowLeft", true],
    ["input[type=range]", "x", false],
    ["button", "Enter", true],
    ["button", "x", false],
    ["b", "Enter", false],
  ])("at %s, %s belongs to the element: %s", (selector, name, own) => {
    const seen: boolean[] = [];
    const target = root.querySelector(selector);
    target?.addEventListener("keydown", (event) => seen.push(belongsToInput(event as KeyboardEvent)));
    target?.dispatchEvent(key(name));
    expect(seen).toEqual([own]);
  });
});

describe("stepping keys", () => {
  test.each([
    ["ArrowRight", false, 5, 6],
    ["j", false, 5, 6],
    ["ArrowRight", true, 5, 15],
    ["ArrowRight", true, 18, 19],
    ["ArrowLeft", false, 0, 0],
    ["k", false, 5, 4],
    ["Home", false, 5, 0],
    ["End", false, 5, 19],
  ])("%s (shift %s) from %i goes to %i", (name, shiftKey, from, to) => {
    expect(stepKey(key(name, { shiftKey }), from, 19)).toBe(to);
  });
  test("others are none", () => {
    expect(stepKey(key("q"), 5, 19)).toBeNull();
    expect(stepKey(key("k", { ctrlKey: true }), 5, 19)).toBeNull();
  });
});
