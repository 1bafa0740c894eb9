/** What is said of the selection and of what is under the pointer: inspector, path, tooltip, live line. */

import { type Child, h } from "../../dom.ts";
import { plural } from "../../format.ts";
import { type InspectorCalls, showNode, showOverview } from "../../panes/inspector.ts";
import type { Tooltip } from "../../panes/tooltip.ts";
import { nodeOf, sourceText } from "../../payload.ts";
import type { Colouring } from "./colouring.ts";
import type { Searching } from "./searching.ts";
import type { Ground } from "./stage.ts";

export interface About {
  inspect(pane: HTMLElement, past: readonly string[], calls: InspectorCalls): void;
  /** The scopes around the selection, each with the way to it. */
  path(): { readonly parts: [label: string, go: () => void][]; readonly after: Child };
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

  return {
    inspect(pane, past, calls) {
      const id = ground.picked();
      if (id === null) return showOverview(pane, String(desk.link.get("title") ?? ""), ground.section().counts);
      const { atlas } = stage();
      const box = drawing.box(id);
      const info = atlas.info(id);
      const inner = (box?.item.scopes ?? []).map((scope) => atlas.scopes[scope]).filter((scope) => scope !== undefined);
      const figures = box && !info?.notes.length ? colouring.figures(box) : [];
      showNode(pane, { id, box, info, inner, figures, past }, nameOf, calls);
    },
    path() {
      const { atlas } = stage();
      const id = ground.picked();
      const scopes = id === null ? [] : (atlas.pathTo(id) ?? []);
      const parts = scopes.map((scope): [string, () => void] => {
        const door = atlas.doorOf(scope);
        const label = atlas.scopes[scope]?.label || (door && atlas.item(door)?.label) || scope;
        return [label, () => door !== undefined && ground.select(door, true)];
      });
      const { equations } = ground.section().counts;
      const size = id === null && equations !== undefined ? plural(equations, "equation") : null;
      return { parts, after: size && h("span", { class: "dl-muted" }, size) };
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
