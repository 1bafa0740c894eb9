/** Moves of the selection through what is drawn, and what can be taken from it. */

import { rectOf } from "../../draw/graph.ts";
import type { Acts } from "./acts.ts";
import type { Colouring } from "./colouring.ts";
import { neighbour } from "./levels.ts";
import { copyText, savePicture } from "./outside.ts";
import type { Searching } from "./searching.ts";
import { type Ground, inSight } from "./stage.ts";

type Moves = Pick<
  Acts,
  "walk" | "step" | "zoomTo" | "zoom" | "fit" | "up" | "toggle" | "save" | "saveText" | "copyEquation" | "copyLine"
>;

export function createMoves(ground: Ground, searching: Searching, colouring: Colouring): Moves {
  const { desk, drawing, stage, picked } = ground;
  const box = (id: string | null) => (id === null ? undefined : drawing.box(id));
  const info = () => stage().atlas.info(picked() ?? "");
  const go = (id: string | null, otherwise: string) => (id === null ? desk.say(otherwise) : ground.select(id, true));
  return {
    walk: (dx, dy) => go(neighbour(drawing.picture, box(inSight(ground)), dx, dy), "nothing on that side"),
    /** The next hit; without a search, the next change of a comparison. */
    step(turn) {
      if (searching.active) searching.step(turn);
      else go(colouring.change(drawing.picture, inSight(ground), turn), "no search to go on with");
    },
    zoomTo() {
      const at = box(picked());
      if (at) drawing.camera.see(rectOf(at), true);
    },
    zoom: (turn) => drawing.camera.zoom(1.25 ** turn),
    fit: () => drawing.camera.fit(),
    up() {
      const scope = stage()
        .atlas.pathTo(picked() ?? "")
        ?.pop();
      go(scope === undefined ? null : (stage().atlas.doorOf(scope) ?? null), "nothing around this");
    },
    toggle() {
      const id = picked();
      if (id !== null) ground.toggle(id, null);
    },
    save: () => savePicture(desk, "png", () => drawing.image(2)),
    saveText: () =>
      savePicture(desk, "svg", async (title) => new Blob([drawing.svg(title)], { type: "image/svg+xml" })),
    copyEquation: () => copyText(desk, info()?.text ?? "", "equation"),
    copyLine() {
      const source = info()?.source;
      if (source) copyText(desk, `${source.file}:${source.line}`, "source line");
    },
  };
}
