/** What the parts of the graph view share: the drawing that is on, and how to get somewhere in it. */

import type { Desk } from "../../desk.ts";
import type { GraphDrawing } from "../../draw/graph.ts";
import type { Atlas } from "../../panes/atlas.ts";
import type { GraphSection } from "../../payload.ts";
import type { Fetcher } from "./fetch.ts";

/** A root scope with what is open in it: the whole function, or the neighbourhood of one node. */
export interface Stage {
  readonly atlas: Atlas;
  readonly open: Set<string>;
}

export type At = { readonly x: number; readonly y: number } | null;

export interface Ground {
  readonly desk: Desk;
  readonly fetcher: Fetcher;
  readonly drawing: GraphDrawing;
  stage(): Stage;
  section(): GraphSection;
  picked(): string | null;
  /** Select an item; `look` brings it into view and opens what hides it. */
  select(id: string | null, look: boolean): void;
  /** Go to a node or scope, which `path` leads to where it is not carried. */
  seek(id: string, path: readonly string[]): void;
  toggle(id: string, at: At): void;
  /** Ask for a scope that is not carried. */
  request(scope: string): void;
  /** What is marked, tinted or said of the boxes has changed. */
  mark(): void;
  /** Draw again; `from` is the box that opened or closed. */
  draw(from?: string): void;
  /** Draw again with this box kept where it is, or under the pointer. */
  redraw(id: string | undefined, at: At): void;
}

/** What of the selection is in sight: itself, or the closed box that holds it. */
export function inSight({ stage, picked }: Ground): string | null {
  const id = picked();
  return id === null ? null : stage().atlas.visible(id, stage().open);
}
