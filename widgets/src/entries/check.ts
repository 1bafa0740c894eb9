/** The check view and the shell around it, as one ES module. */

import { widgetOf } from "../index.ts";
import check from "../style/check.css";
import drawing from "../style/drawing.css";
import findings from "../style/findings.css";
import { checkView } from "../views/check.ts";

export const view = { name: "check", make: checkView, sheets: { drawing, check, findings } } as const;
const { render, mount } = widgetOf([view]);

export { mount };
export default { render };
