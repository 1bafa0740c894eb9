/** The readers of the small traits and of what the kernel answers. */

import { integer, list, object, record, text } from "./decode.ts";
import { readInfo, readScope } from "./sections.ts";
import type { Answer, Failed, Focus, Notice, ViewName } from "./types.ts";

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
    case "scope":
      return { kind: "scope", scope: readScope(o.scope, "scope"), nodes: record(o.nodes ?? {}, "nodes", readInfo) };
    case "array":
      return {
        kind: "array",
        step: integer(o.step, "array.step"),
        which: text(o.which, "array.which"),
        shape: list(o.shape, "array.shape", integer),
        dtype: text(o.dtype, "array.dtype"),
      };
    case "error":
      return { kind: "error", text: text(o.text, "error.text") };
    default:
      return null;
  }
}

/** The node a value id belongs to: `12#1` is a result of `12`. */
export function nodeOf(value: string): string {
  const hash = value.indexOf("#");
  return hash < 0 ? value : value.slice(0, hash);
}
