import { describe, expect, it, vi } from "vitest";
import { createFindBox } from "../src/panes/find.ts";

const found = { id: "3", name: "h", primitive: "sin", type: "f32[]", path: [], file: "", line: 0, count: 1 };

function made() {
  const calls = { search: vi.fn(), go: vi.fn(), look: () => found, opened: vi.fn(), done: vi.fn() };
  const box = createFindBox(calls);
  const input = box.element.querySelector("input") as HTMLInputElement;
  const type = (text: string) => {
    input.value = text;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const press = (key: string) =>
    input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return { box, calls, type, press };
}

describe("the search box", () => {
  it("goes to the first hit when Enter came before the index", () => {
    const { box, calls, type, press } = made();
    type("sin");
    box.show(0, -1, { busy: true, partial: true });
    press("Enter");
    expect(calls.go).not.toHaveBeenCalled();
    box.show(2, -1, { busy: false, partial: false });
    expect(calls.go).toHaveBeenCalledExactlyOnceWith(0);
    expect(calls.done).toHaveBeenCalledOnce();
  });

  it("lets letters through while nothing is found", () => {
    const { box, press } = made();
    box.show(0, -1, { busy: true, partial: true });
    expect(press("s")).toBe(true);
  });

  it("forgets that Enter once the text is changed", () => {
    const { box, calls, type, press } = made();
    type("sin");
    box.show(0, -1, { busy: true, partial: true });
    press("Enter");
    type("cos");
    box.show(2, -1, { busy: false, partial: false });
    expect(calls.go).not.toHaveBeenCalled();
  });
});
