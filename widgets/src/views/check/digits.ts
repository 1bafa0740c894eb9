/** Numbers digit by digit: which of them are right, which are wrong, and which the type could not hold anyway. */

import { h } from "../../dom.ts";

/** Digits of a double that are written. */
const WRITTEN = 17;

/** The number with all its digits: 9 where a single float holds it, else 17, without idle zeros at the end. */
export function written(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const single = Math.fround(value) === value;
  const [mantissa = "", power] = value.toExponential((single ? 9 : WRITTEN) - 1).split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  const size = Number(power);
  if (size < -4 || size > 14) return `${short}e${size}`.replaceAll("-", "−");
  return plain(short, size).replace("-", "−");
}

function plain(mantissa: string, power: number): string {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.padEnd(power + 1, "0");
  const rest = whole.slice(power + 1);
  return sign + whole.slice(0, power + 1) + (rest ? `.${rest}` : "");
}

/** How many digits of `value` are right, at most `full`; null where there is nothing to compare with. */
export function rightDigits(value: number | null, truth: number | null, full: number): number | null {
  if (value === null || truth === null || Number.isNaN(truth)) return null;
  if (value === truth) return full;
  if (!Number.isFinite(value) || !Number.isFinite(truth)) return 0;
  const error = Math.abs(value - truth) / (truth === 0 ? 1 : Math.abs(truth));
  return Math.max(0, Math.min(full, -Math.log10(error)));
}

/** The number; its significant digits from `right` on are marked wrong, those from `full` on as more than it can hold. */
export function marked(text: string, right: number | null, full: number): HTMLElement {
  if (right === null) return h("code", { class: "dl-digits" }, text);
  const exponent = text.indexOf("e");
  const body = exponent < 0 ? text : text.slice(0, exponent);
  const parts = { right: "", off: "", beyond: "" };
  if (right < 0.3 && /[0-9]/.test(body)) return h("code", { class: "dl-digits" }, h("mark", { class: "dl-off" }, text));
  let seen = 0;
  for (const sign of body) {
    const digit = sign >= "0" && sign <= "9";
    if (digit && (seen > 0 || sign !== "0")) seen++;
    // Half a unit of the last place is what rounding leaves.
    const place = seen <= Math.max(0, right + 0.35) ? "right" : seen <= full ? "off" : "beyond";
    parts[right >= full - 1.3 && place === "off" ? "beyond" : place] += sign;
  }
  const wholly = seen === 0 && right < 1 ? "dl-off" : "";
  return h(
    "code",
    { class: `dl-digits ${wholly}` },
    parts.right,
    parts.off && h("mark", { class: "dl-off", title: "wrong digits" }, parts.off),
    parts.beyond && h("span", { class: "dl-beyond", title: "more than the type can hold" }, parts.beyond),
    exponent < 0 ? "" : text.slice(exponent),
  );
}

/** Two decimals as text, the end of the first marked from where it leaves the other. */
export function differing(text: string, other: string): HTMLElement {
  let same = 0;
  while (same < text.length && text[same] === other[same]) same++;
  if (same === text.length) return h("code", { class: "dl-digits" }, text);
  return h("code", { class: "dl-digits" }, text.slice(0, same), h("mark", { class: "dl-off" }, text.slice(same)));
}

/** How many digits are right, as a bar and in words. */
export function meter(right: number | null, full: number): HTMLElement | null {
  if (right === null) return null;
  const [known, all] = [Math.floor(right + 0.35), Math.floor(full)];
  const share = Math.max(0, Math.min(1, right / full));
  return h(
    "span",
    { class: "dl-meter", title: `${Math.min(known, all)} of the ${all} digits that the type holds are right` },
    h("span", { class: "dl-meter-bar" }, h("i", { style: `width:${Math.round(100 * share)}%` })),
    `${Math.min(known, all)} of ${all}`,
  );
}
