import { float32, sizeOf, type Tensor } from "@glyphcast/onnx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Origin, type Relayout, WeightError, weightsFromParameters } from "./index.ts";
import { orderOf } from "./layout.ts";
import { toOnnx } from "./origin.ts";
import { tfc } from "./testing.ts";

/** 0, 1, 2 … */
const counting = (shape: readonly number[]): Tensor => float32(shape, Array(sizeOf(shape)).keys());

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const withPerm = shapes.chain((shape) =>
  fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
);

describe("a weight's way to ONNX", () => {
  it("transposes as TF.js does", () => {
    fc.assert(
      fc.property(withPerm, ([shape, perm]) => {
        const weight = counting(shape);
        const { data, shape: result } = toOnnx(weight, [{ kind: "transpose", perm }]);
        const expected = tfc.tidy(() => tfc.transpose(tfc.tensor(weight.data as Float32Array, shape), perm));
        expect(result).toEqual(expected.shape);
        expect(data).toEqual(expected.dataSync());
        expected.dispose();
      }),
    );
  });

  it("is undone bit for bit", () => {
    fc.assert(
      fc.property(withPerm, fc.boolean(), ([shape, perm], flat) => {
        const weight = counting(shape);
        const dims = perm.map((axis) => shape[axis]!);
        const rows: Relayout = { kind: "rows", order: orderOf([{ dims: [dims[0]!], perm: [0] }]).reverse() };
        const steps: Relayout[] = [{ kind: "transpose", perm }, rows];
        if (flat) steps.push({ kind: "reshape", shape: [weight.data.length] });
        const origin: Origin = { initializer: "i", weight: "w", trainable: true, shape, steps };
        const back = weightsFromParameters([origin], new Map([["i", toOnnx(weight, steps)]]));
        expect(back).toEqual(new Map([["w", weight]]));
      }),
    );
  });

  it("puts a flattened image's elements where its transposition has them", () => {
    fc.assert(
      fc.property(withPerm, ([dims, perm]) => {
        const moved = tfc.tidy(() => tfc.transpose(tfc.tensor(counting(dims).data as Float32Array, dims), perm));
        expect(Float32Array.from(orderOf([{ dims, perm }]))).toEqual(moved.dataSync());
        moved.dispose();
      }),
    );
  });
});

it("refuses a parameter of another shape, and leaves out what is not given", () => {
  const origin: Origin = {
    initializer: "i",
    weight: "w",
    trainable: true,
    shape: [2, 3],
    steps: [{ kind: "transpose", perm: [1, 0] }],
  };
  const wrong = () => weightsFromParameters([origin], new Map([["i", counting([2, 3])]]));
  expect(wrong).toThrow(WeightError);
  expect(wrong).toThrow('Parameter "i" has shape [2, 3], expected [3, 2]');
  expect(weightsFromParameters([origin], new Map())).toEqual(new Map());
});
