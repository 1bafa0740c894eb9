/** The widget with all its views at hand. */

import { view as adjoint } from "../src/entries/adjoint.ts";
import { view as check } from "../src/entries/check.ts";
import { view as elimination } from "../src/entries/elimination.ts";
import { view as graph } from "../src/entries/graph.ts";
import { widgetOf } from "../src/index.ts";

const widget = widgetOf([graph, check, adjoint, elimination]);
export const { mount } = widget;
export default widget;
