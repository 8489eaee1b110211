import { dimOf, type Extent } from "../../extents.ts";
import { type Held, identity } from "../../layout.ts";
import type { Call } from "../rule.ts";

/** What a recurrent layer is given beside its configuration. */
export interface Start {
  readonly x: Held;
  /** None for zeros. */
  readonly initial: readonly Held[];
  readonly backwards: boolean;
  /** The booleans [batch, steps] of the steps that count. */
  readonly mask: string | undefined;
}

/** What a recurrent layer comes to. */
export interface Run {
  /** What each step gave, in the order of the input's steps, whichever way they were walked. */
  readonly sequence: Held;
  /** The states after the last step; the first is also what it gave. */
  readonly states: readonly Held[];
}

/** The steps first, as ONNX's recurrent operators and Scan want them. */
export const stepsFirst = (rank: number): readonly number[] => [1, 0, ...identity(rank).slice(2)];

/** Zeros to begin with, of these extents. */
export function zeroState(call: Call, extents: readonly Extent[]): string {
  const types = [{ dtype: "float32", shape: extents.map((extent) => dimOf(call.g, extent)) }] as const;
  const name = call.nodeName("ConstantOfShape");
  return call.g.op("ConstantOfShape", [call.extentsVector(extents)], {}, { name, types });
}

/** A sequence the other way about. */
export function flip(call: Call, x: Held): Held {
  const steps = x.perm.indexOf(1);
  const inputs = [[-1], [Number.MIN_SAFE_INTEGER], [steps], [-1]].map((values) => call.g.ints(values));
  return { ...x, name: call.op("Slice", [x.name, ...inputs]) };
}
