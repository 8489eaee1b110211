import type fc from "fast-check";
import type { OpCase } from "../numeric.ts";

/** Nodes of one operator, and how far its central differences can be trusted. */
export interface OpCases {
  readonly cases: fc.Arbitrary<Omit<OpCase, "op">>;
  /** The distance of the two evaluations; 1e-2 by default. */
  readonly step?: number;
  readonly rtol?: number;
  readonly atol?: number;
}
