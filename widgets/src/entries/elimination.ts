/** The elimination view and the shell around it, as one ES module. */

import { widgetOf } from "../index.ts";
import adjoint from "../style/adjoint.css";
import drawing from "../style/drawing.css";
import elimination from "../style/elimination.css";
import explorer from "../style/explorer.css";
import { eliminationView } from "../views/elimination.ts";

export const view = {
  name: "elimination",
  make: eliminationView,
  sheets: { drawing, adjoint, elimination, explorer },
} as const;
const { render, mount } = widgetOf([view]);

export { mount };
export default { render };
