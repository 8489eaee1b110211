import { describe, expect, it } from "vitest";
import { inferNode } from "../../test/inference.ts";
import { type NodeCase, runNode } from "../../test/onnxruntime.ts";
import { ones, vector } from "../../test/op-cases/tensors.ts";
import { int64, ShapeError } from "../index.ts";

const REFUSED: readonly [string, RegExp, NodeCase][] = [
  [
    "extents that do not broadcast",
    /\[2, 3\] and \[4\] do not broadcast: 3 against 4/,
    { op: "Add", inputs: [ones([2, 3]), ones([4])] },
  ],
  ["inner extents that differ", /inner extents 3 and 2 differ/, { op: "MatMul", inputs: [ones([2, 3]), ones([2, 3])] }],
  ["scalars as matrices", /a scalar cannot/, { op: "MatMul", inputs: [ones([]), ones([2, 3])] }],
  ["batches as matrices", /two matrices, found rank 3/, { op: "Gemm", inputs: [ones([1, 2, 3]), ones([3, 3])] }],
  [
    "an Einsum term of another rank",
    /"ij" does not fit rank 3/,
    { op: "Einsum", inputs: [ones([1, 2, 3])], attributes: { equation: "ij->ji" } },
  ],
  [
    "an Einsum letter of two extents",
    /extents of "j" do not broadcast: 3 against 2/,
    { op: "Einsum", inputs: [ones([2, 3]), ones([2, 2])], attributes: { equation: "ij,jk->ik" } },
  ],
  [
    "an Einsum letter from nowhere",
    /"z" stands only on the right/,
    { op: "Einsum", inputs: [ones([2])], attributes: { equation: "i->z" } },
  ],
  [
    "other channels",
    /input has 3 channels, weight expects 4/,
    { op: "Conv", inputs: [ones([1, 3, 5, 5]), ones([8, 4, 3, 3])] },
  ],
  [
    "a weight of another rank",
    /input has rank 4, weight has rank 3/,
    { op: "Conv", inputs: [ones([1, 3, 5, 5]), ones([8, 3, 3])] },
  ],
  [
    "a window larger than the image",
    /window of 7 does not fit into 5 \+ 0 \(axis 0\)/,
    { op: "Conv", inputs: [ones([1, 3, 5, 5]), ones([8, 3, 7, 7])] },
  ],
  [
    "strides for another rank",
    /strides has 1 numbers, the window needs 2/,
    { op: "Conv", inputs: [ones([1, 3, 5, 5]), ones([8, 3, 3, 3])], attributes: { strides: [2] } },
  ],
  [
    "pads for another rank",
    /pads has 2 numbers, the window needs 4/,
    { op: "MaxPool", inputs: [ones([1, 3, 5, 5])], attributes: { kernel_shape: [2, 2], pads: [1, 1] } },
  ],
  [
    "a kernel for another rank",
    /window has 1 axes .* needs 2/,
    { op: "MaxPool", inputs: [ones([1, 3, 5, 5])], attributes: { kernel_shape: [2] } },
  ],
  ["pooling without a kernel", /window has 0 axes/, { op: "AveragePool", inputs: [ones([1, 3, 5, 5])] }],
  [
    "other channels, transposed",
    /input has 3 channels, weight expects 4/,
    { op: "ConvTranspose", inputs: [ones([1, 3, 5, 5]), ones([4, 8, 3, 3])] },
  ],
  [
    "an axis that does not exist",
    /axis 2 does not exist in rank 2/,
    { op: "ReduceMean", inputs: [ones([2, 3])], attributes: { axes: [2] } },
  ],
  [
    "an axis below the first",
    /axis -3 does not exist in rank 2/,
    { op: "Softmax", inputs: [ones([2, 3])], attributes: { axis: -3 } },
  ],
  [
    "another number of elements",
    /has 6 elements and cannot become \[4, 2\]/,
    { op: "Reshape", inputs: [ones([2, 3]), vector([4, 2])], constants: [1] },
  ],
  [
    "an open extent that is no integer",
    /has 6 elements and cannot become \[4, -1\]/,
    { op: "Reshape", inputs: [ones([2, 3]), vector([4, -1])], constants: [1] },
  ],
  [
    "two open extents",
    /more than one dimension open/,
    { op: "Reshape", inputs: [ones([2, 3]), vector([-1, -1])], constants: [1] },
  ],
  [
    "a copy of what is not there",
    /no axis 2 in \[2, 3\]/,
    { op: "Reshape", inputs: [ones([2, 3]), vector([2, 3, 0])], constants: [1] },
  ],
  [
    "flattening past the end",
    /axis 3 does not exist/,
    { op: "Flatten", inputs: [ones([2, 3])], attributes: { axis: 3 } },
  ],
  [
    "dropping an extent above 1",
    /axis 1 of \[1, 3\] is not 1/,
    { op: "Squeeze", inputs: [ones([1, 3]), vector([1])], constants: [1] },
  ],
  [
    "a short permutation",
    /perm has 1 axes, the input has 2/,
    { op: "Transpose", inputs: [ones([2, 3])], attributes: { perm: [0] } },
  ],
  [
    "a permutation with an axis twice",
    /\[0, 0\] is not a permutation/,
    { op: "Transpose", inputs: [ones([2, 3])], attributes: { perm: [0, 0] } },
  ],
  [
    "ranks that differ",
    /\[2, 3\] and \[2\] have different ranks/,
    { op: "Concat", inputs: [ones([2, 3]), ones([2])], attributes: { axis: 0 } },
  ],
  [
    "extents that differ off the axis",
    /inputs differ along axis 1: 3, 2/,
    { op: "Concat", inputs: [ones([2, 3]), ones([2, 2])], attributes: { axis: 0 } },
  ],
  [
    "sizes that do not add up",
    /1 \+ 1 do not add up to the extent 3/,
    { op: "Split", inputs: [ones([3]), vector([1, 1])], constants: [1], outputs: 2 },
  ],
  [
    "other sizes than outputs",
    /1 sizes are given for 2 outputs/,
    { op: "Split", inputs: [ones([3]), vector([3])], constants: [1], outputs: 2 },
  ],
  [
    "channels that make no blocks",
    /6 \(axis 1\) is not a multiple of 4/,
    { op: "DepthToSpace", inputs: [ones([1, 6, 2, 2])], attributes: { blocksize: 2 } },
  ],
  [
    "a range without a step",
    /the step is 0/,
    { op: "Range", inputs: [int64([], [0]), int64([], [3]), int64([], [0])], constants: [0, 1, 2] },
  ],
];

/** A rule that refused what runs would stop people from building it. */
describe("inference refuses, as onnxruntime does,", () => {
  it.each(REFUSED)("%s", async (_, message, node) => {
    const constants = new Set(node.constants);
    const infer = () =>
      inferNode(node, (input, i) => (constants.has(i) ? input : { dtype: input.dtype, shape: input.shape }));
    expect(infer).toThrow(ShapeError);
    expect(infer).toThrow(message);
    expect(infer).toThrow(expect.objectContaining({ code: "ONNX_SHAPE", node: `${node.op} "${node.op}"` }));
    const outputTypes = Array.from({ length: node.outputs ?? 1 }, () => node.inputs[0]!.dtype);
    await expect(runNode(node, outputTypes)).rejects.toThrow();
  });
});
