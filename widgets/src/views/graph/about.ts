/** What is said of the selection and of what is under the pointer: inspector, path, tooltip, live line. */

import { h } from "../../dom.ts";
import { plural } from "../../format.ts";
import { type InspectorCalls, showNode, showOverview } from "../../panes/inspector.ts";
import type { Tooltip } from "../../panes/tooltip.ts";
import { nodeOf, sourceText } from "../../payload.ts";
import type { Colouring } from "./colouring.ts";
import type { Searching } from "./searching.ts";
import type { Ground } from "./stage.ts";
import type { Crumb, Path } from "./toolbar.ts";

export interface About {
  inspect(pane: HTMLElement, past: readonly string[], calls: InspectorCalls): void;
  /** The scopes around the selection, or what is in the middle of the view; `leave`: out of a neighbourhood. */
  path(leave: (() => void) | null): Path;
  hover(tooltip: Tooltip, id: string | null, at: { x: number; y: number }): void;
  say(): void;
}

export function createAbout(ground: Ground, colouring: Colouring, searching: Searching): About {
  const { desk, drawing, stage } = ground;

  /** A few words for a node, of the index where it is not carried. */
  function nameOf(id: string): string {
    const node = nodeOf(id);
    const name = stage().atlas.nameOf(node);
    const finder = searching.finder();
    const row = name === node && finder.complete ? finder.rowOf(node) : undefined;
    return row === undefined ? name : finder.look(row).name || name;
  }

  /** The open scopes around the middle of the view, the outermost first. */
  function middle(): string[] {
    const { x, y, w, h } = drawing.camera.view();
    const [atX, atY] = [x + w / 2, y + h / 2];
    const inside = drawing.picture.boxes.flatMap(({ bodies }) =>
      bodies.filter((body) => atX > body.x && atX < body.x + body.w && atY > body.y && atY < body.y + body.h),
    );
    return inside.map(({ scope }) => scope);
  }

  return {
    inspect(pane, past, calls) {
      const id = ground.picked();
      if (id === null) return showOverview(pane, String(desk.link.get("title") ?? ""), ground.section().counts);
      const { atlas } = stage();
      const box = drawing.box(id);
      const info = atlas.info(id);
      const inner = (box?.item.scopes ?? []).map((scope) => atlas.scopes[scope]).filter((scope) => scope !== undefined);
      // The notes came with the scope: an overlay that was computed later is not among them.
      const noted = (info?.notes ?? []).map(([name]) => name.toLowerCase().replace("precision", "dtype"));
      const figures = box ? colouring.figures(box, new Set(noted)) : [];
      showNode(pane, { id, box, info, inner, figures, past }, nameOf, calls);
    },
    path(leave) {
      const { atlas } = stage();
      const id = ground.picked();
      const scopes = id === null ? middle() : (atlas.pathTo(id) ?? []);
      const parts = scopes.map((scope): Crumb => {
        const door = atlas.doorOf(scope);
        const label = atlas.scopes[scope]?.label || (door && atlas.item(door)?.label) || scope;
        return [label, () => door !== undefined && ground.select(door, true), scope];
      });
      const { equations } = ground.section().counts;
      const size = scopes.length === 0 && id === null && equations !== undefined ? plural(equations, "equation") : "";
      const whole: Crumb = leave
        ? ["all", leave, atlas.root]
        : [atlas.scopes[atlas.root]?.label || "function", () => drawing.camera.fit(), ""];
      return { parts: [whole, ...parts], after: size };
    },
    hover(tooltip, id, at) {
      const item = id === null ? undefined : stage().atlas.item(id);
      if (!item) return tooltip.hide();
      const info = stage().atlas.info(item.id);
      const shape = info?.results.map((o) => o.shape).join(", ");
      const source = info?.source;
      const box = drawing.box(item.id);
      const figures = box ? colouring.figures(box).map(([name, text]) => `${name} ${text}`) : [];
      const line = (words: string) => h("div", { class: "dl-muted" }, words);
      tooltip.show(
        at,
        h("div", { class: "dl-tip-text" }, info?.text || [item.label, item.detail].filter(Boolean).join("  ")),
        shape && !info?.text.includes(shape) ? line(shape) : null,
        source ? line(`${sourceText(source)}  ${source.text.trim()}`) : null,
        figures.length > 0 ? line(figures.join(" · ")) : null,
      );
    },
    say() {
      const id = ground.picked();
      if (id === null) return desk.say("nothing selected");
      const item = stage().atlas.item(id);
      desk.say(stage().atlas.info(id)?.text || [item?.label, item?.detail].filter(Boolean).join(" ") || id);
    },
  };
}
