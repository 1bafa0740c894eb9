/** Only what is near one node: as a drawing of its own, or, where none can be had, by dimming all else. */

import { plural } from "../../format.ts";
import { Atlas } from "../../panes/atlas.ts";
import { type GraphAnswer, nodeOf } from "../../payload.ts";
import { createAroundBar, FARTHEST } from "./around.ts";
import { within } from "./levels.ts";
import { type Ground, inSight, type Stage } from "./stage.ts";

type Around = Extract<GraphAnswer, { kind: "around" }>;

export interface Nearby {
  readonly element: HTMLElement;
  readonly on: boolean;
  /** It is a drawing of its own. */
  readonly apart: boolean;
  show(id: string): void;
  turn(by: 1 | -1): void;
  receive(answer: Around): void;
  /** The selection moved. */
  moved(): void;
  /** Back to the whole drawing, without drawing it yet; false: it was on. */
  end(): boolean;
}

export function createNearby(ground: Ground, take: (stage: Stage | null) => void, back: () => void): Nearby {
  let near: { readonly id: string; readonly radius: number; readonly dimmed: boolean } | null = null;
  const bar = createAroundBar({ radius: (k) => near && look(near.id, k), back });
  const { fetcher, drawing, desk } = ground;
  const name = (id: string) => ground.stage().atlas.nameOf(id);

  function look(id: string, radius: number): void {
    const { atlas } = ground.stage();
    const node = nodeOf(atlas.valueOf(id));
    near = { id: node, radius, dimmed: near?.dimmed ?? false };
    if (near.dimmed || atlas.item(id)?.kind === "scope") return dim(radius);
    bar.show(name(node), radius, drawing.picture.boxes.length);
    fetcher.settle("around");
    fetcher.ask("around", { kind: "around", id: node, radius }, "", () => near && dim(radius));
  }

  function dim(radius: number): void {
    const at = inSight(ground);
    if (at === null) return back();
    near = { id: ground.picked() ?? at, radius, dimmed: true };
    const ids = within(drawing.picture, at, radius);
    drawing.only(ids);
    bar.show(name(at), radius, ids.size);
  }

  return {
    element: bar.element,
    get on() {
      return near !== null;
    },
    get apart() {
      return near !== null && !near.dimmed;
    },
    show: (id) => look(id, near?.radius ?? 1),
    turn: (by) => near && look(near.id, Math.max(1, Math.min(FARTHEST, near.radius + by))),
    receive({ id, radius, scope, nodes }) {
      if (near?.id !== id) return;
      near = { id, radius, dimmed: false };
      const { atlas } = ground.stage();
      const scopes = { ...atlas.scopes, [scope.id]: scope };
      const section = { ...ground.section(), root: scope.id, scopes, nodes: { ...atlas.nodes, ...nodes } };
      take({ atlas: new Atlas(section), open: new Set() });
      drawing.only(null);
      ground.draw();
      bar.show(name(id), radius, scope.items.length);
      drawing.camera.fit();
      desk.say(`${plural(scope.items.length, "box", "boxes")} within ${plural(radius, "step")}`);
    },
    moved: () => near?.dimmed && dim(near.radius),
    end() {
      if (near === null) return false;
      near = null;
      fetcher.settle("around");
      drawing.only(null);
      bar.show(null, 0, 0);
      take(null);
      return true;
    },
  };
}
