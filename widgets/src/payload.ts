/** The wire (WIRE.md): its types, and the reading of unknown JSON into them. No other file knows the wire. */

export type * from "./payload/check.ts";
export { readCheck, readEntry } from "./payload/check.ts";
export { WireError } from "./payload/decode.ts";
export { readElimination } from "./payload/elimination.ts";
export {
  readGraph,
  readGraphAnswer,
  readIndex,
  readInfo,
  readScope,
  sourceText,
} from "./payload/graph.ts";
export * from "./payload/messages.ts";
export { readAdjoint, readSummary } from "./payload/sections.ts";
export type * from "./payload/types.ts";
