import process from "node:process";
import fc from "fast-check";
import { it } from "vitest";
import { expectConverts, type TestGraph } from "./testing.ts";

/** A value of a graph while it is composed. */
interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

type Step = (g: TestGraph, x: Value, pick: (limit: number) => number, others: readonly Value[]) => Value | undefined;

const ones = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1] };
const swap = (shape: readonly number[], order: readonly number[]): number[] => order.map((axis) => shape[axis]!);

/** Orders of axes for each rank, some of which move channels as layouts do. */
const ORDERS: Readonly<Record<number, readonly (readonly number[])[]>> = {
  2: [[1, 0]],
  3: [
    [0, 2, 1],
    [2, 0, 1],
  ],
  4: [
    [0, 3, 1, 2],
    [0, 2, 1, 3],
    [0, 2, 3, 1],
    [3, 0, 1, 2],
  ],
};

const images =
  (step: Step): Step =>
  (g, x, pick, others) =>
    x.shape.length === 4 ? step(g, x, pick, others) : undefined;

const STEPS: Readonly<Record<string, Step>> = {
  conv: images((g, { name, shape }, pick) => {
    const [n, h, w, c] = shape as [number, number, number, number];
    const filters = 1 + pick(4);
    const stride = 1 + pick(2);
    const filter = g.const([1 + pick(3), 1 + pick(3), c, filters]);
    const y = g.op("Conv2D", [name, filter], { ...ones, strides: [1, stride, stride, 1], padding: "SAME" });
    return { name: y, shape: [n, Math.ceil(h / stride), Math.ceil(w / stride), filters] };
  }),
  depthwise: images((g, { name, shape }, pick) => {
    const y = g.op("DepthwiseConv2dNative", [name, g.const([1 + pick(3), 2, shape[3]!, 1])], {
      ...ones,
      padding: "SAME",
    });
    return { name: y, shape };
  }),
  pool: images((g, { name, shape }, pick) => {
    const op = pick(2) ? "MaxPool" : "AvgPool";
    const y = g.op(op, [name], { ksize: [1, 2, 3, 1], strides: [1, 2, 1, 1], padding: "SAME" });
    return { name: y, shape: [shape[0]!, Math.ceil(shape[1]! / 2), shape[2]!, shape[3]!] };
  }),
  pad: images((g, { name, shape }, pick) => {
    const pairs = shape.flatMap((_, axis) => (axis === 1 || axis === 2 || pick(4) === 0 ? [pick(2), pick(3)] : [0, 0]));
    const y = g.op("Pad", [name, g.pairs(pairs)]);
    return { name: y, shape: shape.map((size, axis) => size + pairs[2 * axis]! + pairs[2 * axis + 1]!) };
  }),
  resize: images((g, { name, shape }, pick) => {
    const size = [1 + pick(5), 1 + pick(5)];
    const y = g.op("ResizeNearestNeighbor", [name, g.ints(size)], { align_corners: false, half_pixel_centers: false });
    return { name: y, shape: [shape[0]!, ...size, shape[3]!] };
  }),
  normalise: (g, { name, shape }) => {
    const c = shape.at(-1)!;
    if (shape.length !== 4) return undefined;
    const statistics = [
      g.const([c]),
      g.const([c]),
      g.const([c]),
      g.const(
        [c],
        Array.from({ length: c }, (_, i) => 1 + i),
      ),
    ];
    return { name: g.op("FusedBatchNormV3", [name, ...statistics], { epsilon: 0.1 }), shape };
  },
  activate: (g, { name, shape }, pick) => ({
    name: g.op(["Relu", "Relu6", "Tanh", "Sigmoid", "Elu", "Abs"][pick(6)]!, [name]),
    shape,
  }),
  constant: (g, { name, shape }, pick) => {
    const from = pick(shape.length + 1);
    const own = shape.slice(from).map((size) => (pick(3) === 0 ? 1 : size));
    const inputs = [name, g.const(own)];
    return { name: g.op(["AddV2", "Mul", "Sub", "Maximum"][pick(4)]!, pick(2) ? inputs : inputs.reverse()), shape };
  },
  self: (g, { name, shape }, pick) => ({
    name: g.op("Add", [name, g.op(pick(2) ? "Tanh" : "Relu", [name])]),
    shape,
  }),
  join: (g, x, pick, others) => {
    const mates = others.filter(({ shape }) => shape.join() === x.shape.join());
    const mate = mates[pick(mates.length)];
    return mate && { name: g.op(["AddV2", "Mul", "Minimum"][pick(3)]!, [x.name, mate.name]), shape: x.shape };
  },
  concat: (g, { name, shape }, pick) => {
    const axis = pick(shape.length);
    const y = g.op("ConcatV2", [name, g.op("Neg", [name]), g.int(pick(2) ? axis : axis - shape.length)], { N: 2 });
    return { name: y, shape: shape.map((size, i) => (i === axis ? 2 * size : size)) };
  },
  transpose: (g, { name, shape }, pick) => {
    const orders = ORDERS[shape.length];
    const order = orders?.[pick(orders.length)];
    return order && { name: g.op("Transpose", [name, g.ints(order)]), shape: swap(shape, order) };
  },
  reduce: (g, { name, shape }, pick) => {
    const axis = pick(shape.length);
    const keep_dims = pick(2) === 1 || shape.length < 3;
    const y = g.op(["Mean", "Sum", "Max"][pick(3)]!, [name, g.ints([axis])], { keep_dims });
    return { name: y, shape: keep_dims ? shape.with(axis, 1) : shape.toSpliced(axis, 1) };
  },
  slice: (g, { name, shape }, pick) => {
    const begin = shape.map((size) => pick(Math.min(size, 2)));
    const y = g.op("Slice", [name, g.ints(begin), g.ints(shape.map(() => -1))]);
    return { name: y, shape: shape.map((size, axis) => size - begin[axis]!) };
  },
  stride: (g, { name, shape }, pick) => {
    const step = shape.map(() => 1 + pick(2));
    const zeros = g.ints(shape.map(() => 0));
    const y = g.op("StridedSlice", [name, zeros, zeros, g.ints(step)], { begin_mask: 15, end_mask: 15 });
    return { name: y, shape: shape.map((size, axis) => Math.ceil(size / step[axis]!)) };
  },
  take: (g, { name, shape }, pick) => {
    const axis = pick(shape.length);
    if (shape.length < 3) return undefined;
    const y = g.op("GatherV2", [name, g.int(pick(shape[axis]!)), g.int(axis)], { batch_dims: 0 });
    return { name: y, shape: shape.toSpliced(axis, 1) };
  },
  split: (g, { name, shape }, pick) => {
    const axis = pick(shape.length);
    if (shape[axis]! % 2 !== 0) return undefined;
    const parts = g.op("Split", [g.int(axis), name], { num_split: 2 });
    const y = g.op("Sub", [parts, `${parts}:1`]);
    return { name: y, shape: shape.map((size, i) => (i === axis ? size / 2 : size)) };
  },
  flatten: (g, { name, shape }, pick) => {
    const at = 1 + pick(shape.length - 1);
    const size = shape.slice(at).reduce((product, extent) => product * extent, 1);
    return { name: g.op("Reshape", [name, g.ints([...shape.slice(0, at), -1])]), shape: [...shape.slice(0, at), size] };
  },
  dense: (g, { name, shape }, pick) => {
    if (shape.length !== 2) return undefined;
    const units = 1 + pick(6);
    const y = g.op("_FusedMatMul", [name, g.const([shape[1]!, units]), g.const([units])], {
      num_args: 1,
      fused_ops: ["BiasAdd", "Relu"],
    });
    return { name: y, shape: [shape[0]!, units] };
  },
  raise: (g, { name, shape }, pick) => {
    if (shape.length > 3) return undefined;
    const axis = pick(shape.length + 1);
    return { name: g.op("ExpandDims", [name, g.int(axis)]), shape: shape.toSpliced(axis, 0, 1) };
  },
  squeeze: (g, { name, shape }) => {
    const axes = shape.flatMap((size, axis) => (size === 1 && axis > 0 ? [axis] : []));
    if (axes.length === 0 || shape.length - axes.length < 2) return undefined;
    return {
      name: g.op("Squeeze", [name], { squeeze_dims: axes }),
      shape: shape.filter((_, axis) => !axes.includes(axis)),
    };
  },
  tile: (g, { name, shape }, pick) => {
    const times = shape.map(() => (pick(4) === 0 ? 2 : 1));
    return { name: g.op("Tile", [name, g.ints(times)]), shape: shape.map((size, axis) => size * times[axis]!) };
  },
  reverse: (g, { name, shape }, pick) => ({ name: g.op("ReverseV2", [name, g.ints([pick(shape.length)])]), shape }),
  softmax: (g, { name, shape }) => ({ name: g.op("Softmax", [name]), shape }),
  prelu: (g, { name, shape }) => ({ name: g.op("Prelu", [name, g.const([shape.at(-1)!])]), shape }),
};

const NAMES = Object.keys(STEPS);

/** Composes as many steps as fit, each after one of the values that there are. */
function compose(g: TestGraph, choices: readonly number[]): readonly string[] {
  let at = 0;
  const pick = (limit: number): number => (limit > 0 ? (choices[at++ % choices.length]! + at) % limit : 0);
  const shape = pick(4) === 0 ? [2, 6] : [1 + pick(2), 4 + pick(3), 5, 1 + pick(4)];
  const values: Value[] = [{ name: g.input(shape, { open: pick(2) ? [0] : [] }), shape }];
  const steps = 3 + pick(8);
  for (let i = 0; i < steps; i++) {
    const from = pick(3) === 0 ? values[pick(values.length)]! : values.at(-1)!;
    const next = STEPS[NAMES[pick(NAMES.length)]!]!(g, from, pick, values);
    const size = next?.shape.reduce((product, extent) => product * extent, 1) ?? 0;
    if (next && size > 0 && size < 4000) values.push(next);
  }
  return [...new Set([values.at(-1)!.name, values[Math.floor(values.length / 2)]!.name])];
}

const RUNS = Number(process.env.ZOO_RUNS ?? 200);

it(`${RUNS} random compositions answer as in TF.js`, { timeout: 60_000 + RUNS * 200 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(999), { minLength: 8, maxLength: 60 }), async (choices) => {
      // Sums along long chains lose more digits than one op does.
      await expectConverts((g) => compose(g, choices), {}, 2e-4);
    }),
    { numRuns: RUNS, seed: Number(process.env.ZOO_SEED ?? 11), endOnFailure: false },
  );
});
