/** The wire (WIRE.md): its types, and the reading of unknown JSON into them. No other file knows the wire. */

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
export { readAdjoint, readCheck, readSummary } from "./payload/sections.ts";
export type * from "./payload/types.ts";
