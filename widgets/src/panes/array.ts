/** The numbers of one array, fetched on demand: a table of its first part. */

import { h } from "../dom.ts";
import { num } from "../format.ts";
import type { Num } from "../payload.ts";

export interface Values {
  readonly which: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** float64, little endian; complex numbers as re, im. */
  readonly bytes: DataView;
}

const ROWS = 12;
const COLUMNS = 12;

export function arrayPane(values: Values): HTMLElement {
  const { shape, which, dtype } = values;
  const columns = shape[shape.length - 1] ?? 1;
  const total = shape.reduce((product, n) => product * n, 1);
  const rows = columns > 0 ? total / columns : 0;
  const line = (r: number) => {
    const cells = Array.from({ length: Math.min(columns, COLUMNS) }, (_, c) =>
      h("td", {}, num(element(values, r * columns + c), 4)),
    );
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, place(shape, r)),
      ...cells,
      columns > COLUMNS ? h("td", {}, "…") : null,
    );
  };
  const cut = rows > ROWS || columns > COLUMNS;
  return h(
    "section",
    { class: "dl-section dl-array" },
    h("h4", {}, `${which} ${dtype}[${shape.join(", ")}]${cut ? ", its first part" : ""}`),
    h(
      "div",
      { class: "dl-scroll" },
      h(
        "table",
        { class: "dl-table" },
        h("tbody", {}, ...Array.from({ length: Math.min(rows, ROWS) }, (_, r) => line(r))),
      ),
    ),
  );
}

/** Entry `k` in row-major order. */
export function element({ bytes, dtype }: Values, k: number): Num {
  if (dtype.startsWith("complex")) return [bytes.getFloat64(16 * k, true), bytes.getFloat64(16 * k + 8, true)];
  return bytes.getFloat64(8 * k, true);
}

/** Where row `r` of the flattened array stands: `[2, 0]`. */
function place(shape: readonly number[], r: number): string {
  const index: number[] = [];
  let rest = r;
  for (const size of shape.slice(0, -1).reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index.length > 0 ? `[${index.join(", ")}]` : "";
}
