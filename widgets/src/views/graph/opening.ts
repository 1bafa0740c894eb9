/** Opening and closing a level at a time, or all there is. */

import type { Box } from "../../draw/compose.ts";
import { plural } from "../../format.ts";
import { lastLevel, nextLevel } from "./levels.ts";
import { type Ground, inSight } from "./stage.ts";

/** Opening stops here: more would be no picture any more. */
const OPEN_AT_MOST = 4000;
/** Scopes that one key asks for at most. */
const ASK_AT_MOST = 48;

export interface Opening {
  deeper(): void;
  shallower(): void;
  all(on: boolean): void;
}

export function createOpening(ground: Ground): Opening {
  const { desk, drawing, stage } = ground;
  /** What was asked for here once: a level does not wait for what does not come. */
  const tried = new Set<string>();

  /** What stays in place when much opens or closes: the selection, or what is in the middle. */
  function anchor(): string | undefined {
    const visible = inSight(ground);
    if (visible !== null) return visible;
    const view = drawing.camera.view();
    const [x, y] = [view.x + view.w / 2, view.y + view.h / 2];
    const far = (box: Box) => Math.hypot(box.x - x, box.y - y);
    const outer = drawing.picture.boxes.filter((box) => box.depth === 0);
    return outer.reduce<Box | undefined>((best, box) => (!best || far(box) < far(best) ? box : best), undefined)?.id;
  }

  /** Open scopes until there would be too many boxes; how many were opened. */
  function unfold(scopes: readonly string[]): number {
    let boxes = drawing.picture.boxes.length;
    let opened = 0;
    for (const id of scopes) {
      boxes += stage().atlas.scopes[id]?.items.length ?? 0;
      if (boxes > OPEN_AT_MOST) {
        desk.notify("info", `only the first ${OPEN_AT_MOST} boxes were opened`);
        break;
      }
      stage().open.add(id);
      opened++;
    }
    return opened;
  }

  return {
    deeper() {
      const held = anchor();
      const { atlas } = stage();
      const hopeful = (id: string) => id in atlas.scopes || !tried.has(id);
      const boxes = drawing.picture.boxes.filter((box) => box.item.scopes.some(hopeful));
      const scopes = nextLevel(boxes).flatMap((box) => box.item.scopes.filter(hopeful));
      const absent = scopes.filter((id) => !(id in atlas.scopes));
      if (absent.length > ASK_AT_MOST)
        desk.notify("info", `only the first ${ASK_AT_MOST} of ${absent.length} were opened`);
      const asked = new Set(absent.slice(0, ASK_AT_MOST));
      const opened = unfold(scopes.filter((id) => id in atlas.scopes || asked.has(id)));
      for (const id of asked) {
        tried.add(id);
        ground.request(id);
      }
      ground.redraw(held, null);
      desk.say(opened === 0 ? "everything is open" : `${plural(opened, "scope")} opened`);
    },
    shallower() {
      const held = anchor();
      const scopes = lastLevel(drawing.picture.boxes).flatMap((box) => box.bodies.map((body) => body.scope));
      for (const id of scopes) stage().open.delete(id);
      ground.redraw(held, null);
      desk.say(scopes.length === 0 ? "everything is closed" : `${plural(scopes.length, "scope")} closed`);
    },
    all(on) {
      stage().open.clear();
      if (on) unfold(Object.keys(stage().atlas.scopes));
      ground.draw();
      drawing.camera.fit();
      desk.say(on ? "all that is here is open" : "all closed");
    },
  };
}
