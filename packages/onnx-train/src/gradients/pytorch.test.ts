import { type Attributes, float32, sizeOf, type Tensor, tensor } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import fixture from "../../fixtures/gradients.json" with { type: "json" };
import { type Composition, differentiate, type OpCase } from "../../test/numeric.ts";
import { differentiableOps } from "./table.ts";

interface Stored extends Pick<OpCase, "constants" | "outputs" | "watched" | "opset"> {
  readonly op: string;
  readonly inputs: readonly (StoredTensor | null)[];
  readonly attributes: Attributes;
  readonly values: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

interface StoredTensor {
  readonly dtype: "float32" | "int64" | "int32" | "bool";
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const MAKERS = {
  float32: Float32Array,
  int32: Int32Array,
  int64: { from: (data: readonly number[]) => BigInt64Array.from(data, BigInt) },
  bool: Uint8Array,
};

const tensorOf = ({ dtype, shape, data }: StoredTensor): Tensor =>
  tensor(dtype, shape, MAKERS[dtype].from(data)) as Tensor;

/** Group normalisation as opset 17 composes it: an InstanceNormalization whose channels are the groups. */
const groupNormalization: Composition = (g, [x = "", scale = "", bias = ""], attributes) => {
  const { num_groups, epsilon } = attributes as { num_groups: number; epsilon: number };
  const [batch = 1, ...rest] = g.shape(x) as number[];
  const constant = (value: number) =>
    g.initializer(g.unique("affine"), float32([num_groups], Array(num_groups).fill(value)));
  const grouped = g.op("Reshape", [x, g.ints([batch, num_groups, sizeOf(rest) / num_groups])]);
  const normal = g.op("InstanceNormalization", [grouped, constant(1), constant(0)], { epsilon });
  return g.op("Add", [g.op("Mul", [g.op("Reshape", [normal, g.ints([batch, ...rest])]), scale]), bias]);
};

const COMPOSITIONS: Readonly<Record<string, Composition>> = { "GroupNormalization of opset 17": groupNormalization };

const cases = fixture.cases as unknown as readonly Stored[];

describe("each rule gives PyTorch's values", () => {
  const ops = [...new Set(cases.map(({ op }) => op))];

  describe.each([false, true])("where values come out of a convolution: %s", (rows) => {
    it.each(ops)("%s", async (op) => {
      const stored = cases.filter((one) => one.op === op);
      const outcomes = await differentiate(
        stored.map(({ inputs, ...one }) => ({
          ...one,
          op: COMPOSITIONS[op] ?? op,
          inputs: inputs.map((input) => (input ? tensorOf(input) : undefined)),
          rows,
        })),
      );
      for (const [i, { values, gradients }] of stored.entries()) {
        const outcome = outcomes[i]!;
        // float32 against doubles: sums of a few dozen products around 1.
        const tolerance = { rtol: 1e-5, atol: 1e-5 };
        expect(outcome.outputs).toBeAllClose(values, tolerance);
        expect([...outcome.gradients.keys()].map(String)).toEqual(Object.keys(gradients));
        for (const [input, gradient] of Object.entries(gradients))
          expect(outcome.gradients.get(Number(input))!).toBeAllClose(gradient, tolerance);
      }
    });
  });

  it("for every operator that has one", () => {
    expect(differentiableOps.filter((op) => !ops.includes(op))).toEqual([]);
  });
});
