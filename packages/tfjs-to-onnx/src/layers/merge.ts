import { type Held, identity, isIdentity, type Mask, sameBlocks } from "../layout.ts";
import type { Call, LayerRule } from "./rule.ts";

/** The inputs, held alike, so that their elements meet as in TF.js. */
function aligned(call: Call): readonly Held[] {
  const { inputs } = call;
  if (inputs.length < 2) return call.fail(`It reads ${inputs.length} tensors, expected at least two.`);
  const rank = inputs.reduce((highest, { perm }) => Math.max(highest, perm.length), 0);
  const sameRank = inputs.every(({ perm }) => perm.length === rank);
  const sameOrder = inputs.every(({ blocks }) => sameBlocks(blocks, inputs[0]!.blocks));
  const full = sameRank && sameOrder ? inputs : inputs.map((x) => raiseRank(call, call.plain(x), rank));
  const perm = full.find((x) => !isIdentity(x.perm))?.perm ?? identity(rank);
  return full.map((x) => call.arrange(x, perm));
}

/** TF.js lets tensors of lower rank take part by inserting axes after the batch. */
function raiseRank(call: Call, x: Held, rank: number): Held {
  const missing = rank - x.perm.length;
  if (missing === 0) return x;
  const dims = call.dims(x).slice(1);
  const shape = [
    ...Array.from({ length: missing }, () => 1),
    ...dims.map((dim) => (typeof dim === "number" ? dim : -1)),
  ];
  if (shape.filter((dim) => dim === -1).length > 1) call.fail("Tensors of different rank need known extents.");
  return { name: call.op("Reshape", [x.name, call.g.ints([0, ...shape])]), perm: identity(rank) };
}

const held = (x: Held, name: string): Held => ({ name, perm: x.perm, ...(x.blocks && { blocks: x.blocks }) });

/** TF.js gives the first mask an axis too many, which no layer can use. */
const merged = (call: Call, x: Held): Held => ({ ...x, mask: call.masks[0] === undefined ? undefined : null });

/** Folds the inputs from the left. */
const chain = (op: "Add" | "Mul"): LayerRule => ({
  becomes: op,
  lower: (call) => {
    const [first, ...others] = aligned(call);
    const name = others.reduce((sum, other) => call.op(op, [sum, other.name]), first!.name);
    return merged(call, held(first!, name));
  },
});

/** An ONNX operator that takes any number of inputs. */
const all = (op: "Max" | "Mean" | "Min"): LayerRule => ({
  becomes: op,
  lower: (call) => {
    const inputs = aligned(call);
    const names = inputs.map(({ name }) => name);
    return merged(call, held(inputs[0]!, call.op(op, names)));
  },
});

const Subtract: LayerRule = {
  becomes: "Sub",
  lower: (call) => {
    const inputs = aligned(call);
    if (inputs.length !== 2) call.fail(`It reads ${inputs.length} tensors, expected two.`);
    const names = inputs.map(({ name }) => name);
    return merged(call, held(inputs[0]!, call.op("Sub", names)));
  },
};

const Concatenate: LayerRule = {
  becomes: "Concat",
  lower: (call) => {
    const rank = call.inputs[0]?.perm.length ?? 0;
    if (call.inputs.some(({ perm }) => perm.length !== rank)) call.fail("Its inputs differ in rank.");
    const given = call.config.integer("axis", -1);
    const axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank) call.fail(`axis is ${given}, expected an axis of tensors of rank ${rank}.`);
    if (axis === rank - 1 && rank === 2) return concatFeatures(call);
    const inputs = aligned(call);
    const name = call.op(
      "Concat",
      inputs.map((x) => x.name),
      { axis: inputs[0]!.perm.indexOf(axis) },
    );
    return { ...held(inputs[0]!, name), mask: concatenatedMask(call, axis, rank) };
  },
};

/** TF.js masks a step where any of the features side by side is masked; steps after each other keep their masks. */
function concatenatedMask(call: Call, axis: number, rank: number): Mask {
  const masks = call.masks.filter((mask) => mask !== undefined);
  if (masks.length === 0) return undefined;
  if (rank !== 3 || !masks.every((mask) => mask !== null)) return null;
  if (axis === 2) return masks.reduce((all, mask) => call.op("And", [all, mask]));
  return axis === 1 && masks.length === call.inputs.length ? call.op("Concat", masks, { axis: 1 }) : null;
}

/** Features keep the order in which they are held, each input's after the other's. */
function concatFeatures(call: Call): Held {
  const { inputs } = call;
  if (inputs.length < 2) call.fail(`It reads ${inputs.length} tensors, expected at least two.`);
  const name = call.op(
    "Concat",
    inputs.map((x) => x.name),
    { axis: 1 },
  );
  if (!inputs.some(({ blocks }) => blocks)) return { name, perm: [0, 1] };
  return { name, perm: [0, 1], blocks: inputs.flatMap((x) => x.blocks ?? [{ dims: [call.extent(x, 1)], perm: [0] }]) };
}

const Dot: LayerRule = {
  becomes: "MatMul, or Mul, ReduceSum of two vectors",
  notes: "tensors of rank 2 or 3",
  lower: (call) => {
    if (call.inputs.length !== 2) call.fail(`It reads ${call.inputs.length} tensors, expected two.`);
    const [x, y] = call.inputs.map((input) => call.plain(input)) as [Held, Held];
    const ranks = [x.perm.length, y.perm.length] as const;
    if (ranks.some((rank) => rank < 2 || rank > 3))
      call.fail(`Its inputs have ranks ${ranks.join(" and ")}, expected 2 or 3.`);
    const axes = axesOf(call, ranks);
    const normed = call.config.flag("normalize", false)
      ? [normalised(call, x.name, axes[0]), normalised(call, y.name, axes[1])]
      : [x.name, y.name];
    const name = ranks[0] === 2 && ranks[1] === 2 ? dotVectors(call, normed) : dotMatrices(call, normed, ranks, axes);
    return { name, perm: identity(Math.max(ranks[0] + ranks[1] - 3, 2)) };
  },
};

function axesOf({ config }: Call, ranks: readonly [number, number]): readonly [number, number] {
  const raw = config.raw("axes");
  const pair = Array.isArray(raw) ? raw : [raw, raw];
  const axes = pair.map((axis, i) => (Number.isSafeInteger(axis) && axis < 0 ? axis + ranks[i]! : axis));
  if (axes.length !== 2 || axes.some((axis, i) => !Number.isSafeInteger(axis) || axis < 1 || axis >= ranks[i]!))
    config.fail(`axes is ${JSON.stringify(raw) ?? "missing"}, expected an axis of each input, not the batch.`);
  return axes as [number, number];
}

// x / √max(Σx², ε), ε that of TF.js
function normalised(call: Call, x: string, axis: number): string {
  const square = call.reduce("ReduceSum", call.op("Mul", [x, x]), [axis], true);
  const length = call.op("Sqrt", [call.op("Max", [square, call.g.floats(1e-7)])]);
  return call.op("Div", [x, length]);
}

const dotVectors = (call: Call, operands: readonly string[]): string =>
  call.reduce("ReduceSum", call.op("Mul", operands), [1], true);

/** A product of matrices, x's axis last and y's second; a vector takes part as a matrix of one row or column. */
function dotMatrices(
  call: Call,
  [x, y]: readonly string[],
  [rankX, rankY]: readonly [number, number],
  [axisX, axisY]: readonly [number, number],
): string {
  const turned = (operand: string): string => call.op("Transpose", [operand], { perm: [0, 2, 1] });
  const rows = rankX === 2 ? call.op("Unsqueeze", [x!, call.g.ints([1])]) : axisX === 2 ? x! : turned(x!);
  const columns = rankY === 2 ? call.op("Unsqueeze", [y!, call.g.ints([2])]) : axisY === 1 ? y! : turned(y!);
  const product = call.op("MatMul", [rows, columns]);
  if (rankX === rankY) return product;
  return call.op("Squeeze", [product, call.g.ints([rankX === 2 ? 1 : 2])]);
}

export const MERGES: Readonly<Record<string, LayerRule>> = {
  Add: chain("Add"),
  Average: all("Mean"),
  Concatenate,
  Dot,
  Maximum: all("Max"),
  Minimum: all("Min"),
  Multiply: chain("Mul"),
  Subtract,
};
