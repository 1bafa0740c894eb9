/** The signs on the buttons, on a grid of 16, drawn with the colour of the text. */

import { s } from "./svg.ts";

const PATHS = {
  first: "M4 3.5v9M12.5 3.5v9L6 8Z",
  back: "M10 3.5L5.5 8l4.5 4.5",
  next: "M6 3.5L10.5 8 6 12.5",
  last: "M12 3.5v9M3.5 3.5v9L10 8Z",
  play: "M5 3.5v9L12 8Z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  close: "M4 4l8 8M12 4l-8 8",
  expand: "M3 6l5-3.5L13 6M3 10l5 3.5L13 10",
  collapse: "M3 2.5L8 6l5-3.5M3 13.5L8 10l5 3.5",
  undo: "M6 3L2.5 6.5 6 10M3 6.5h6.5a3.5 3.5 0 0 1 0 7H7",
  redo: "M10 3l3.5 3.5L10 10M13 6.5H6.5a3.5 3.5 0 0 0 0 7H9",
  reset: "M12.5 5A5.5 5.5 0 1 0 13.5 8M13 2v3.2H9.8",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  text: "M3 4h10M3 7.3h7M3 10.6h9M3 13.5h5",
  copy: "M5.5 5.5h7v8h-7ZM3.5 10.5v-8h7",
} as const;

const SOLID = new Set(["first", "last", "play"]);

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  return s(
    "svg",
    {
      class: SOLID.has(name) ? "dl-icon dl-solid" : "dl-icon",
      viewBox: "0 0 16 16",
      width: 16,
      height: 16,
      "aria-hidden": "true",
    },
    s("path", { d: PATHS[name] }),
  );
}
