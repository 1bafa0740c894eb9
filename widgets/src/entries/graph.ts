/** The graph view and the shell around it, as one ES module. */

import { widgetOf } from "../index.ts";
import drawing from "../style/drawing.css";
import graph from "../style/graph.css";
import { graphView } from "../views/graph.ts";

export const view = { name: "graph", make: graphView, sheets: { drawing, graph } } as const;
const { render, mount } = widgetOf([view]);

export { mount };
export default { render };
