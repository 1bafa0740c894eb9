/** The style sheet's colours for the canvas: what an SVG element of the same classes would get. */

import { s } from "./svg.ts";

export interface Paint {
  readonly fill: string;
  readonly stroke: string;
  readonly width: number;
  readonly dash: readonly number[];
  readonly opacity: number;
}

export interface Sampler {
  readonly element: SVGSVGElement;
  readonly family: string;
  /** How a `part` inside a group of these classes is painted; `share` is that of its heat. */
  look(classes: string, part: string, share?: number): Paint;
  /** To be called before painting: forgets the colours of another theme. */
  fresh(): void;
}

/** Colours are kept until the theme's own change; `element` has to be in the document. */
export function createSampler(): Sampler {
  const element = s("svg", { class: "dl-samples", width: 0, height: 0, "aria-hidden": "true" });
  const kept = new Map<string, Paint>();
  let theme = "";
  const measure = (classes: string, part: string, share: number): Paint => {
    const sample = s("rect", { class: part });
    const group = s("g", { class: classes, style: `--dl-share:${share}` }, sample);
    element.append(group);
    const style = getComputedStyle(sample);
    const paint = {
      fill: style.fill || "#888",
      stroke: style.stroke || "none",
      width: Number.parseFloat(style.strokeWidth) || 1,
      dash: (style.strokeDasharray || "none").split(/[\s,]+/).flatMap((n) => Number.parseFloat(n) || []),
      opacity: Number.parseFloat(getComputedStyle(group).opacity) || 1,
    };
    group.remove();
    return paint;
  };
  return {
    element,
    get family() {
      return getComputedStyle(element).fontFamily || "sans-serif";
    },
    look(classes, part, share = 0) {
      const key = `${classes}|${part}|${share}`;
      let paint = kept.get(key);
      if (!paint) {
        paint = measure(classes, part, share);
        kept.set(key, paint);
      }
      return paint;
    },
    fresh() {
      const { color, backgroundColor } = getComputedStyle(element);
      if (theme !== color + backgroundColor) kept.clear();
      theme = color + backgroundColor;
    },
  };
}
