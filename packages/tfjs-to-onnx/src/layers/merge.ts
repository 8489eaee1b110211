import { type Held, identity, isIdentity, sameBlocks } from "../layout.ts";
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

/** Folds the inputs from the left. */
const chain = (op: "Add" | "Mul"): LayerRule => ({
  becomes: op,
  lower: (call) => {
    const [first, ...others] = aligned(call);
    return held(
      first!,
      others.reduce((sum, { name }) => call.op(op, [sum, name]), first!.name),
    );
  },
});

/** An ONNX operator that takes any number of inputs. */
const all = (op: "Max" | "Mean" | "Min"): LayerRule => ({
  becomes: op,
  lower: (call) => {
    const inputs = aligned(call);
    return held(
      inputs[0]!,
      call.op(
        op,
        inputs.map(({ name }) => name),
      ),
    );
  },
});

const Subtract: LayerRule = {
  becomes: "Sub",
  lower: (call) => {
    const inputs = aligned(call);
    if (inputs.length !== 2) call.fail(`It reads ${inputs.length} tensors, expected two.`);
    return held(
      inputs[0]!,
      call.op(
        "Sub",
        inputs.map(({ name }) => name),
      ),
    );
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
    return held(inputs[0]!, name);
  },
};

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

export const MERGES: Readonly<Record<string, LayerRule>> = {
  Add: chain("Add"),
  Average: all("Mean"),
  Concatenate,
  Maximum: all("Max"),
  Minimum: all("Min"),
  Multiply: chain("Mul"),
  Subtract,
};
