/** The adjoint view and the shell around it, as one ES module. */

import { widgetOf } from "../index.ts";
import adjoint from "../style/adjoint.css";
import drawing from "../style/drawing.css";
import { adjointView } from "../views/adjoint.ts";

export const view = { name: "adjoint", make: adjointView, sheets: { drawing, adjoint } } as const;
const { render, mount } = widgetOf([view]);

export { mount };
export default { render };
