import { afterEach, describe, expect, test, vi } from "vitest";
import { view as check } from "../src/entries/check.ts";
import { view as graph } from "../src/entries/graph.ts";
import { widgetOf } from "../src/index.ts";
import { state } from "./states.ts";

afterEach(() => document.body.replaceChildren());

/** A kernel that is asked and answers when told to. */
function setUp(run: (code: string) => Promise<unknown>) {
  const values: Record<string, unknown> = state({ cursor: { view: "check", selection: null, steps: {} } });
  const sent: Record<string, unknown>[] = [];
  let hear: (message: unknown) => void = () => {};
  const model = {
    get: (key: string) => values[key],
    set: () => {},
    save_changes: () => {},
    on: (event: string, act: (...args: never[]) => void) => {
      if (event === "msg:custom") {
        const before = hear;
        hear = (message) => {
          before(message);
          act(message as never);
        };
      }
    },
    off: () => {},
    send: (content: unknown) => sent.push(content as Record<string, unknown>),
  };
  const el = document.createElement("div");
  document.body.append(el);
  widgetOf([graph], run).render({ model, el });
  return { el, sent, answer: (message: unknown) => hear(message) };
}

describe("the module of a view that did not travel with the widget", () => {
  test("is asked for when its tab is shown, and then the view is drawn", async () => {
    const run = vi.fn(async () => ({ view: check }));
    const { el, sent, answer } = setUp(run);
    expect(sent).toContainEqual({ kind: "module", view: "check" });
    expect(el.textContent).toContain("Loading");
    answer({ kind: "module", view: "check", code: "export …" });
    await vi.waitFor(() => expect(el.querySelector(".dl-check-head")).not.toBeNull());
    expect(run).toHaveBeenCalledWith("export …");
  });

  test("is asked for ahead of time, and taken when it comes", async () => {
    const { sent } = setUp(async () => ({ view: check }));
    expect(sent).toContainEqual({ kind: "module", view: "adjoint" });
    expect(sent.filter(({ view }) => view === "check")).toHaveLength(1);
  });

  test("that cannot be loaded leaves its tab with the reason", async () => {
    const { el, answer } = setUp(async () => {
      throw new Error("blocked");
    });
    answer({ kind: "module", view: "check", code: "" });
    await vi.waitFor(() => expect(el.querySelector(".dl-panel-check")?.textContent).toContain("blocked"));
  });

  test("of another view is refused", async () => {
    const { el, answer } = setUp(async () => ({ view: graph }));
    answer({ kind: "module", view: "check", code: "" });
    await vi.waitFor(() => expect(el.querySelector(".dl-panel-check")?.textContent).toContain("reinstall"));
  });
});
