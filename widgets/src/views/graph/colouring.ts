/** The overlays of the graph view: which one is on, asking for one that is not computed yet, and its tints. */

import { NO_KERNEL } from "../../desk.ts";
import type { Box, Picture } from "../../draw/compose.ts";
import type { Tint } from "../../draw/paint.ts";
import { createOverlayPane } from "../../panes/overlay.ts";
import { amount, figuresOf, largestOf, tintsOf } from "../../panes/tints.ts";
import type { Figure, GraphSection, Overlay } from "../../payload.ts";
import type { Ground } from "./stage.ts";

export interface Colouring {
  readonly chooser: HTMLElement;
  readonly legend: HTMLElement;
  take(section: GraphSection, first: boolean): void;
  receive(overlay: Overlay): void;
  /** The tints of what is in sight; the legend follows. */
  tints(boxes: readonly Box[]): ReadonlyMap<string, Tint> | null;
  /** What the ready overlays say of one box, but for those of `without`. */
  figures(box: Box, without?: ReadonlySet<string>): [name: string, text: string][];
  cycle(turn: 1 | -1): void;
  /** Go to the box with the largest amount in sight, and from there inwards. */
  largest(): void;
  /** A scope came, and is drawn. */
  arrived(): void;
  /** The box after `from` that a comparison says something of. */
  change(picture: Picture, from: string | null, turn: 1 | -1): string | null;
}

const isAmount = (figure: Figure | undefined): boolean =>
  typeof figure === "number" && Number.isFinite(figure) && figure !== 0;

export function createColouring(ground: Ground): Colouring {
  let overlays: readonly Overlay[] = [];
  let counts: Readonly<Record<string, number>> = {};
  let chosen: string | null = null;
  let figures: ReadonlyMap<string, Figure> = new Map();
  /** An open box whose largest part is sought: some of its scopes may still be on their way. */
  let into: string | null = null;
  const pane = createOverlayPane(choose, largest);
  const ready = (id: string | null) => overlays.find((one) => one.id === id)?.ready ?? false;

  function choose(id: string | null): void {
    const before = ready(chosen) ? chosen : null;
    const overlay = overlays.find((one) => one.id === id);
    chosen = overlay?.id ?? null;
    if (overlay && (overlay.more || !overlay.ready)) compute(overlay, before);
    ground.mark();
    ground.desk.say(overlay ? `overlay ${overlay.name}${overlay.ready ? "" : ", being computed"}` : "no overlay");
  }

  /** Nothing is lost where a ready overlay's note does not come. */
  function compute({ id, name, ready }: Overlay, before: string | null): void {
    const { kernel } = ground.desk.link;
    const late = ready
      ? ""
      : kernel
        ? `${name} was not computed in time: the kernel does not answer`
        : `${name} ${NO_KERNEL}`;
    const fail = () => {
      if (chosen === id && !ready) chosen = before;
      ground.mark();
    };
    ground.fetcher.ask(`overlay:${id}`, { kind: "overlay", id }, late, fail, 300);
  }

  /** Where the way to the largest leads next: to the largest closed box, then through the selected one inwards. */
  function next(): { readonly box: Box; readonly inwards: boolean } | null {
    const { boxes } = ground.drawing.picture;
    const at = ground.drawing.box(ground.picked() ?? "");
    if (at && at.item.scopes.length > 0 && isAmount(figures.get(at.id))) return { box: at, inwards: true };
    const box = largestOf(boxes, figures, ({ bodies }) => bodies.length === 0);
    return box && { box, inwards: false };
  }

  function largest(): void {
    const way = next();
    if (!way) return ground.desk.say("no overlay of amounts is shown");
    const { box, inwards } = way;
    if (!inwards) return go(box);
    into = box.id;
    if (box.bodies.length === 0) ground.toggle(box.id, null);
    arrive();
  }

  /** Go to the largest part of the box that was opened for it, once it is here. */
  function arrive(): void {
    if (into === null || into !== ground.picked()) return;
    const { drawing } = ground;
    const scopes = drawing.box(into)?.bodies.map(({ scope }) => scope) ?? [];
    if (scopes.length === 0) return;
    into = null;
    const box = largestOf(drawing.picture.boxes, figures, ({ scope }) => scopes.includes(scope));
    if (box) go(box);
    else ground.desk.say("nothing in it has an amount");
  }

  function go({ id, label }: Box): void {
    const figure = figures.get(id);
    ground.select(id, true);
    const unit = overlays.find((one) => one.id === chosen)?.unit ?? "";
    ground.desk.say(`largest: ${label}, ${amount(Number(figure), unit)}`);
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
      const awaited = overlay.id === chosen && !ready(chosen);
      overlays = known ? overlays.map((one) => (one.id === overlay.id ? overlay : one)) : [...overlays, overlay];
      if (awaited) ground.desk.say(`overlay ${overlay.name} computed`);
    },
    tints(boxes) {
      const overlay = overlays.find(({ id }) => id === chosen);
      figures = new Map();
      if (!overlay?.ready) {
        pane.show(overlays, chosen, overlay !== undefined, 0, "", new Map());
        return null;
      }
      const { tints, most, seen, ...found } = tintsOf(boxes, ground.stage().atlas.scopes, overlay);
      figures = found.figures;
      for (const name of Object.keys(overlay.words)) {
        const all = counts[name];
        if (all !== undefined) seen.set(name, all);
      }
      const way = overlay.scale === "quantity" ? next() : null;
      const words = way ? `${way.inwards ? "largest in" : "largest:"} ${way.box.label}` : "";
      pane.show(overlays, chosen, false, most, words, seen);
      return tints;
    },
    figures(box, without) {
      const lines = overlays.map((overlay): [string, string] | null => {
        const figure = overlay.ready && !without?.has(overlay.id) ? said(box, overlay.id) : null;
        if (figure === null) return null;
        if (typeof figure === "string") return [overlay.name, overlay.words[figure] ?? figure];
        const share =
          overlay.total && figure > 0 ? `, ${Number(((100 * figure) / overlay.total).toPrecision(2))} %` : "";
        return [overlay.name, `${amount(figure, overlay.unit)}${share}`];
      });
      return lines.filter((line) => line !== null);
    },
    largest,
    arrived: arrive,
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
