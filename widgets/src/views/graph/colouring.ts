/** The overlays of the graph view: which one is on, asking for one that is not computed yet, and its tints. */

import { NO_KERNEL } from "../../desk.ts";
import type { Box, Picture } from "../../draw/compose.ts";
import type { Tint } from "../../draw/paint.ts";
import { createOverlayPane } from "../../panes/overlay.ts";
import { amount, figuresOf, tintsOf } from "../../panes/tints.ts";
import type { Figure, GraphSection, Overlay } from "../../payload.ts";
import type { Ground } from "./stage.ts";

export interface Colouring {
  readonly chooser: HTMLElement;
  readonly legend: HTMLElement;
  take(section: GraphSection, first: boolean): void;
  receive(overlay: Overlay): void;
  /** The tints of what is in sight; the legend follows. */
  tints(boxes: readonly Box[]): ReadonlyMap<string, Tint> | null;
  /** What the ready overlays say of one box. */
  figures(box: Box): [name: string, text: string][];
  cycle(turn: 1 | -1): void;
  /** Go to the box with the largest amount in sight. */
  largest(): void;
  /** The box after `from` that a comparison says something of. */
  change(picture: Picture, from: string | null, turn: 1 | -1): string | null;
}

export function createColouring(ground: Ground): Colouring {
  let overlays: readonly Overlay[] = [];
  let counts: Readonly<Record<string, number>> = {};
  let chosen: string | null = null;
  /** The box with the largest amount in sight. */
  let top: string | null = null;
  const pane = createOverlayPane(choose, largest);
  const ready = (id: string | null) => overlays.find((one) => one.id === id)?.ready ?? false;

  function choose(id: string | null): void {
    const before = ready(chosen) ? chosen : null;
    const overlay = overlays.find((one) => one.id === id);
    chosen = overlay?.id ?? null;
    if (overlay && !overlay.ready) compute(overlay, before);
    ground.mark();
    ground.desk.say(overlay ? `overlay ${overlay.name}${overlay.ready ? "" : ", being computed"}` : "no overlay");
  }

  function compute({ id, name }: Overlay, before: string | null): void {
    const { kernel } = ground.desk.link;
    const late = kernel ? `${name} was not computed in time: the kernel does not answer` : `${name} ${NO_KERNEL}`;
    const fail = () => {
      if (chosen === id) chosen = before;
      ground.mark();
    };
    ground.fetcher.ask(`overlay:${id}`, { kind: "overlay", id }, late, fail, 300);
  }

  function largest(): void {
    if (top !== null) ground.select(top, true);
    else ground.desk.say("no overlay of amounts is shown");
  }

  function said(box: Box, overlay: string): Figure {
    return figuresOf([box], ground.stage().atlas.scopes, overlay).get(box.id) ?? null;
  }

  return {
    chooser: pane.chooser,
    legend: pane.legend,
    take(section, first) {
      overlays = section.overlays;
      counts = section.counts;
      if (first) chosen = section.overlay;
      if (!overlays.some(({ id }) => id === chosen)) chosen = null;
      const overlay = overlays.find(({ id }) => id === chosen);
      if (overlay && !overlay.ready) compute(overlay, null);
    },
    receive(overlay) {
      const known = overlays.some(({ id }) => id === overlay.id);
      overlays = known ? overlays.map((one) => (one.id === overlay.id ? overlay : one)) : [...overlays, overlay];
      if (overlay.id === chosen) ground.desk.say(`${overlay.name} computed`);
    },
    tints(boxes) {
      const overlay = overlays.find(({ id }) => id === chosen);
      top = null;
      if (!overlay?.ready) {
        pane.show(overlays, chosen, overlay !== undefined, 0, new Map());
        return null;
      }
      const { tints, most, seen, ...found } = tintsOf(boxes, ground.stage().atlas.scopes, overlay);
      top = found.top;
      for (const name of Object.keys(overlay.words)) {
        const all = counts[name];
        if (all !== undefined) seen.set(name, all);
      }
      pane.show(overlays, chosen, false, most, seen);
      return tints;
    },
    figures(box) {
      const lines = overlays.map((overlay): [string, string] | null => {
        const figure = overlay.ready ? said(box, overlay.id) : null;
        if (figure === null) return null;
        if (typeof figure === "string") return [overlay.name, overlay.words[figure] ?? figure];
        const share = overlay.total && figure > 0 ? `, ${((100 * figure) / overlay.total).toPrecision(2)} %` : "";
        return [overlay.name, `${amount(figure, overlay.unit)}${share}`];
      });
      return lines.filter((line) => line !== null);
    },
    largest,
    cycle(turn) {
      const ids = [null, ...overlays.map(({ id }) => id)];
      choose(ids[(ids.indexOf(chosen) + turn + ids.length) % ids.length] ?? null);
    },
    change({ boxes }, from, turn) {
      if (!ready("change")) return null;
      const at = boxes.findIndex(({ id }) => id === from);
      const wanted = (box: Box | undefined) =>
        box !== undefined && box.bodies.length === 0 && !["same", null].includes(said(box, "change") as string | null);
      const start = at < 0 && turn < 0 ? 0 : at;
      for (let k = 1; k <= boxes.length; k++) {
        const box = boxes[(start + turn * k + 2 * boxes.length) % boxes.length];
        if (box && wanted(box)) return box.id;
      }
      return null;
    },
  };
}
