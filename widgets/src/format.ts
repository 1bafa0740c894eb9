/** Numbers and words for people. */

import type { Num } from "./payload.ts";

/** Four significant digits, or as many as asked; exact for small whole numbers. */
export function real(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value).replace("-", "−");
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(digits - 1) : value.toPrecision(digits);
  return text.replace(/^-/, "−").replace("e-", "e−").replace("e+", "e");
}

export function num(value: Num | null, digits = 4): string {
  if (value === null) return "–";
  if (typeof value === "number") return real(value, digits);
  const [re, im] = value;
  return `${real(re, digits)} ${im < 0 ? "−" : "+"} ${real(Math.abs(im), digits)}i`;
}

/** 17208 → 17,208. */
export function count(value: number): string {
  return Number.isFinite(value)
    ? Math.round(value)
        .toString()
        .replace(/\B(?=(\d{3})+$)/g, ",")
    : real(value);
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
