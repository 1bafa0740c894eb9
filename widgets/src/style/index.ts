/** The style sheets, in the order in which they must come; the bundle has them with signs for what they repeat (build.mjs). */

import adjoint from "./adjoint.css";
import check from "./check.css";
import drawing from "./drawing.css";
import elimination from "./elimination.css";
import explorer from "./explorer.css";
import narrow from "./narrow.css";
import panes from "./panes.css";
import shell from "./shell.css";
import theme from "./theme.css";

export const styles = [theme, shell, panes, drawing, check, adjoint, elimination, explorer, narrow]
  .join("\n")
  .replaceAll("$", "var(--dl-")
  .replaceAll("^", ".dl-");
