import type { GraphBuilder, OpOptions } from "@glyphcast/onnx";
import { TfjsError } from "./errors.ts";

export const DEFAULT_OPSET = 17;

/** The operator sets that a model can be converted to, each with the IR version that came with it. */
const IR_VERSIONS: ReadonlyMap<number, number> = new Map([
  [13, 7],
  [14, 7],
  [15, 8],
  [16, 8],
  [17, 8],
  [18, 8],
  [19, 9],
  [20, 9],
  [21, 10],
]);

/** The model asks for an operator set that is not among those that this package writes. */
export class OpsetError extends TfjsError {
  readonly opset: unknown;

  constructor(opset: unknown) {
    const known = [...IR_VERSIONS.keys()];
    super("TFJS_OPSET", `opset is ${JSON.stringify(opset)}, expected one of ${known.join(", ")}.`);
    this.opset = opset;
  }
}

/** @throws OpsetError for an operator set that this package does not write. */
export function irVersionOf(opset: number): number {
  const version = IR_VERSIONS.get(opset);
  if (version === undefined) throw new OpsetError(opset);
  return version;
}

export type Reduction =
  | "ReduceLogSumExp"
  | "ReduceMax"
  | "ReduceMean"
  | "ReduceMin"
  | "ReduceProd"
  | "ReduceSum"
  | "ReduceSumSquare";

/** A reduction over `axes`, which became an input in opset 18 (13 for ReduceSum). */
export function reduce(
  g: GraphBuilder,
  op: Reduction,
  x: string,
  axes: readonly number[],
  { keepdims = false, ...options }: OpOptions & { readonly keepdims?: boolean } = {},
): string {
  const keep = keepdims ? {} : { keepdims: 0 };
  return g.opset >= 18 || op === "ReduceSum"
    ? g.op(op, [x, g.ints(axes)], keep, options)
    : g.op(op, [x], { axes, ...keep }, options);
}
