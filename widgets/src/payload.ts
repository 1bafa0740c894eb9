/** The wire (WIRE.md): its types, and the reading of unknown JSON into them. No other file knows the wire. */

export { WireError } from "./payload/decode.ts";
export { readElimination } from "./payload/elimination.ts";
export * from "./payload/messages.ts";
export {
  readAdjoint,
  readCheck,
  readGraph,
  readInfo,
  readScope,
  readSummary,
  sourceText,
} from "./payload/sections.ts";
export type * from "./payload/types.ts";
