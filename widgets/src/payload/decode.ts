/** Small readers that turn unknown JSON into typed values, or say where it is not what it should be. */

export class WireError extends Error {
  override name = "WireError";
}

/** Read `value`, found at `where`. */
export type Read<T> = (value: unknown, where: string) => T;

const SPECIAL = new Map<unknown, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function refuse(value: unknown, where: string, wanted: string): never {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? String(value);
  throw new WireError(
    `${where} is ${shown}; expected ${wanted}. Page and kernel may be of different versions of difflab`,
  );
}

/** A JSON number, or one of "NaN", "Infinity", "-Infinity". */
export const number: Read<number> = (value, where) => {
  if (typeof value === "number") return value;
  return SPECIAL.get(value) ?? refuse(value, where, "a number");
};

export const integer: Read<number> = (value, where) =>
  Number.isInteger(value) ? (value as number) : refuse(value, where, "a whole number");

export const text: Read<string> = (value, where) =>
  typeof value === "string" ? value : refuse(value, where, "a text");

export const object: Read<Record<string, unknown>> = (value, where) =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : refuse(value, where, "an object");

export function list<T>(value: unknown, where: string, read: Read<T>): T[] {
  if (!Array.isArray(value)) refuse(value, where, "a list");
  return value.map((entry, k) => read(entry, `${where}[${k}]`));
}

export function record<T>(value: unknown, where: string, read: Read<T>): Record<string, T> {
  const out: Record<string, T> = Object.create(null);
  for (const [key, entry] of Object.entries(object(value, where))) out[key] = read(entry, `${where}["${key}"]`);
  return out;
}

export function pair<T>(value: unknown, where: string, read: Read<T>): readonly [T, T] {
  if (!Array.isArray(value) || value.length !== 2) refuse(value, where, "a pair");
  return [read(value[0], `${where}[0]`), read(value[1], `${where}[1]`)];
}

/** `read`, with `otherwise` where the value is null or absent. */
export function optional<T, D>(read: Read<T>, otherwise: D): Read<T | D> {
  return (value, where) => (value === null || value === undefined ? otherwise : read(value, where));
}

/** The flag of a step: "nan", "inf", "zero" or null. */
export function flag(value: unknown): "nan" | "inf" | "zero" | null {
  return value === "nan" || value === "inf" || value === "zero" ? value : null;
}
