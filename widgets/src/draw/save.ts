/** The drawing as an SVG file: its own elements, each with what the style sheet gives it here and now. */

import type { Box, Picture } from "./compose.ts";
import { EVERYWHERE } from "./cull.ts";
import type { Look } from "./paint.ts";
import { createSheet } from "./sheet.ts";
import { s } from "./svg.ts";

/** Properties of shapes and letters, with the value that need not be said. */
const SAID: readonly (readonly [name: string, usual: string])[] = [
  ["fill", ""],
  ["stroke", "none"],
  ["stroke-width", "1px"],
  ["stroke-dasharray", "none"],
  ["stroke-linecap", "butt"],
  ["paint-order", "normal"],
  ["font-size", ""],
  ["font-weight", ""],
  ["text-anchor", "start"],
];
const LETTERS = /^(font|text)/;
const PAPER = 16;

/** The text of the file; `host` is a place in the document where the style sheet holds. */
export function svgText(
  host: HTMLElement,
  picture: Picture,
  boxes: ReadonlyMap<string, Box>,
  look: Look,
  title: string,
): string {
  const sheet = createSheet();
  const stage = document.createElement("div");
  stage.className = "dl-drawing";
  stage.style.visibility = "hidden";
  const paper = s("rect", { class: "dl-paper", x: -PAPER, y: -PAPER, width: "100%", height: "100%" });
  const { element } = sheet;
  sheet.reset(picture, boxes);
  sheet.draw(EVERYWHERE, look);
  element.prepend(s("title", {}, title), paper);
  stage.append(element);
  host.append(stage);
  const family = getComputedStyle(element).fontFamily;
  const plain = plainColours();
  // All is read before anything is written: a change would have the styles worked out anew.
  const read = [...element.querySelectorAll<SVGElement>("g, rect, path, circle, text, tspan")].map((node) => {
    const style = getComputedStyle(node);
    const drop = style.display === "none" || node.matches(".dl-hit, .dl-bed");
    const letters = node.localName === "text" || node.localName === "tspan";
    const said = SAID.map(([name, usual]): [string, string] => {
      const value = node.localName === "g" || (!letters && LETTERS.test(name)) ? "" : style.getPropertyValue(name);
      return [name, value === usual ? "" : plain(value)];
    });
    return { node, drop, said: [...said, ["opacity", style.opacity === "1" ? "" : style.opacity] as const] };
  });
  stage.remove();
  for (const { node, drop, said } of read) {
    if (drop) node.remove();
    for (const { name } of [...node.attributes])
      if (/^(class|style|data-.*|role)$/.test(name)) node.removeAttribute(name);
    for (const [name, value] of said) if (value) node.setAttribute(name, value);
  }
  const [w, h] = [picture.width + 2 * PAPER, picture.height + 2 * PAPER];
  element.removeAttribute("class");
  for (const [name, value] of Object.entries({ role: "img", width: w, height: h, "font-family": family }))
    element.setAttribute(name, String(value));
  element.setAttribute("viewBox", `${-PAPER} ${-PAPER} ${w} ${h}`);
  return new XMLSerializer().serializeToString(element);
}

/** Mixed colours, which other programs may not know, as red, green, blue and alpha. */
function plainColours(): (value: string) => string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const known = new Map<string, string>();
  const read = (value: string): string => {
    if (!context) return value;
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = value;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a = 255] = context.getImageData(0, 0, 1, 1).data;
    return a === 255 ? `rgb(${r},${g},${b})` : `rgba(${r},${g},${b},${(a / 255).toFixed(3)})`;
  };
  return (value) => {
    if (!/^(color|okl|lab|lch)/.test(value)) return value;
    const found = known.get(value) ?? read(value);
    known.set(value, found);
    return found;
  };
}
