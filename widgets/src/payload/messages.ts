/** The readers of the small traits and of what the kernel answers. */

import { integer, list, number, object, text } from "./decode.ts";
import { readModel } from "./elimination.ts";
import type { Answer, Failed, Focus, Notice, SearchProgress, ViewName } from "./types.ts";

const VIEWS: readonly ViewName[] = ["graph", "check", "adjoint", "elimination"];

/** A section that says why it could not be made. */
export function isFailed(value: unknown): value is Failed {
  return typeof value === "object" && value !== null && typeof (value as { failed?: unknown }).failed === "string";
}

export function readViews(value: unknown): ViewName[] {
  return Array.isArray(value)
    ? VIEWS.filter((v) => value.includes(v)).sort((a, b) => value.indexOf(a) - value.indexOf(b))
    : [];
}

export function readFocus(value: unknown): Focus {
  const o = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  const steps = typeof o.steps === "object" && o.steps !== null ? (o.steps as Record<string, unknown>) : {};
  const count = (n: unknown) => (typeof n === "number" && n >= 0 ? Math.floor(n) : null);
  return {
    view: VIEWS.find((v) => v === o.view) ?? null,
    selection: typeof o.selection === "string" ? o.selection : null,
    steps: { adjoint: count(steps.adjoint) ?? 0, elimination: count(steps.elimination) },
  };
}

export function readNotice(value: unknown): Notice | null {
  if (typeof value !== "object" || value === null) return null;
  const { level, text: words } = value as { level?: unknown; text?: unknown };
  if (typeof words !== "string" || words === "") return null;
  return { level: level === "error" || level === "warning" ? level : "info", text: words };
}

/** The kernel's answer, or null for a message of a kind we do not know. */
export function readAnswer(value: unknown): Answer | null {
  const o = object(value, "message");
  switch (o.kind) {
    case "array":
      return {
        kind: "array",
        step: integer(o.step, "array.step"),
        which: text(o.which, "array.which"),
        shape: list(o.shape, "array.shape", integer),
        dtype: text(o.dtype, "array.dtype"),
      };
    case "search":
      return { kind: "search", search: readSearch(o.search) };
    case "race": {
      const race = object(o.race, "race");
      const costs = (name: string) => list(race[name], `race.${name}`, number);
      return {
        kind: "race",
        race: {
          name: text(race.name, "race.name"),
          order: list(race.order, "race.order", text),
          costs: costs("costs"),
          scalar_costs: costs("scalar_costs"),
        },
      };
    }
    case "verdict":
      return { kind: "verdict", text: text(o.text, "verdict.text"), proved: o.proved === true };
    case "module": {
      const view = VIEWS.find((v) => v === o.view);
      return view ? { kind: "module", view, code: text(o.code, "module.code") } : null;
    }
    case "error":
      return { kind: "error", text: text(o.text, "error.text") };
    default:
      return null;
  }
}

function readSearch(value: unknown): SearchProgress {
  const o = object(value, "search");
  return {
    running: o.running === true,
    model: readModel(o.model, "search.model"),
    budget: number(o.budget, "search.budget"),
    seconds: number(o.seconds, "search.seconds"),
    status: text(o.status ?? "", "search.status"),
    events: list(o.events, "search.events", (v, w) => {
      const e = object(v, w);
      return {
        seconds: number(e.seconds, w),
        cost: number(e.cost, w),
        bound: number(e.bound ?? 0, w),
        method: text(e.method ?? "", w),
      };
    }),
  };
}

/** The node a value id belongs to: `12#1` is a result of `12`. */
export function nodeOf(value: string): string {
  const hash = value.indexOf("#");
  return hash < 0 ? value : value.slice(0, hash);
}
