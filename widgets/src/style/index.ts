/** Style sheets by name. The bundle has them with signs for what they repeat (build.mjs); `inOrder` writes them out. */

import narrow from "./narrow.css";
import panes from "./panes.css";
import shell from "./shell.css";
import theme from "./theme.css";

/** Sheet name → text. */
export type Sheets = Readonly<Record<string, string>>;

/** Later sheets win: this is the order in which they must come, whichever view brought them. */
const ORDER = [
  "theme",
  "shell",
  "panes",
  "drawing",
  "graph",
  "findings",
  "check",
  "adjoint",
  "elimination",
  "explorer",
  "narrow",
];

/** What every view stands on. */
export const common: Sheets = { theme, shell, panes, narrow };

export function inOrder(sheets: Sheets): string {
  return Object.keys(sheets)
    .sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map((name) => sheets[name])
    .join("\n")
    .replaceAll("$", "var(--dl-")
    .replaceAll("^", ".dl-");
}
