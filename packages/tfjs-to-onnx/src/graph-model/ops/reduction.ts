import { type Held, identity } from "../../layout.ts";
import { numeric } from "../graph-lowering.ts";
import { isNumber, type OpCall, type OpRule, type OpRules, without } from "../op-rule.ts";

/** TF.js's axes, an empty list meaning none. */
const axesOf = (call: OpCall, rank: number): readonly number[] => [
  ...new Set(call.integers(1).map((axis) => call.axis(axis, rank))),
];

/** Reduces axes wherever they are held. */
function reduce(call: OpCall, op: string, given: Held): Held {
  const x = call.settled(given);
  const axes = axesOf(call, x.perm.length);
  const keep = call.attributes.flag("keep_dims", call.attributes.flag("keepdims"));
  if (axes.length === 0) return x;
  const held = x.perm.flatMap((axis, i) => (axes.includes(axis) ? [i] : []));
  const name = call.reduce(op, x.name, held, keep ? 1 : 0);
  return { name, perm: keep ? x.perm : without(x.perm, axes) };
}

const reduction = (op: string, least: "float32" | "int32"): OpRule => ({
  becomes: op,
  lower: (call) => reduce(call, op, call.promoted([call.input()], least)[0]!),
});

/** Booleans are 0 and 1. */
const logical = (op: "ReduceMax" | "ReduceMin"): OpRule => ({
  becomes: `Cast, ${op}, Cast`,
  lower: (call) => call.cast(reduce(call, op, call.cast(call.input(), "int32")), "bool"),
});

const extreme = (op: "ArgMax" | "ArgMin"): OpRule => ({
  becomes: `${op}, Cast`,
  lower: (call) => {
    const given = call.promoted([call.input()], "int32")[0]!;
    const x = call.settled(given);
    const axis = call.axis(call.inputs.length > 1 ? call.integer(1) : 0, x.perm.length);
    const name = call.op(op, [x.name], { axis: x.perm.indexOf(axis), keepdims: 0 });
    return call.cast({ name, perm: without(x.perm, [axis]) }, "int32");
  },
});

const Cumsum: OpRule = {
  becomes: "CumSum",
  lower: (call) => {
    const given = call.promoted([call.input()], "int32")[0]!;
    const x = call.settled(given);
    const axis = call.g.ints(x.perm.indexOf(call.axis(call.integer(1), x.perm.length)));
    const [exclusive, reverse] = ["exclusive", "reverse"].map((key) => Number(call.attributes.flag(key)));
    return call.map(x, "CumSum", { ...(exclusive && { exclusive }), ...(reverse && { reverse }) }, axis);
  },
};

/** Each element is the product of those before it: a triangle of them, multiplied along one axis. */
const Cumprod: OpRule = {
  becomes: "Where, ReduceProd",
  notes: "an axis of a known extent of at most 1,024",
  lower: (call) => {
    const x = call.plain(call.promoted([call.input()], "int32")[0]!);
    const rank = x.perm.length;
    const axis = call.axis(call.integer(1), rank);
    const size = call.extent(x, axis);
    if (size > 1024) call.fail(`Axis ${axis} has ${size} elements; it would need a table of their squares.`);
    const [exclusive, reverse] = [call.attributes.flag("exclusive"), call.attributes.flag("reverse")];
    const takes = (to: number, from: number): boolean =>
      (from === to && !exclusive) || (reverse ? from > to : from < to);
    const table = Uint8Array.from({ length: size * size }, (_, i) => Number(takes(Math.floor(i / size), i % size)));
    const shape = [size, size, ...identity(rank - 1 - axis).map(() => 1)];
    const mask = call.initializer("triangle", { dtype: "bool", shape, data: table });
    const rows = call.op("Unsqueeze", [x.name, call.g.ints([axis])]);
    const factors = call.op("Where", [mask, rows, call.scalar(1, call.dtype(x))]);
    return { ...x, name: call.reduce("ReduceProd", factors, [axis + 1]) };
  },
};

/** How often each number below `size` occurs along the last axis, or the weights there added up. */
const bincount: OpRule = {
  becomes: "Equal, Cast, ReduceSum",
  lower: (call) => {
    const x = call.plain(call.input(0, 1, 2));
    const rank = x.perm.length;
    const bins = call.initializer("bins", numeric("int32", [call.count(1)], identity(call.count(1))));
    const column = (value: Held): string => call.op("Unsqueeze", [value.name, call.g.ints([rank])]);
    const hits: Held = { name: call.op("Equal", [column(call.cast(x, "int32")), bins]), perm: identity(rank + 1) };
    const weights = call.plain(call.input(2));
    const empty = call.dims(weights).some((dim) => dim === 0);
    const binary = call.attributes.flag("binary_output");
    if (!empty && !call.dims(weights).every(isNumber)) call.fail("The number of its weights has to be known.");
    const dtype = binary && !empty ? call.dtype(weights) : empty ? "float32" : call.dtype(weights);
    let counts: Held = call.cast(hits, dtype);
    if (!empty && !binary) counts = call.map(counts, "Mul", {}, column(weights));
    const axis = rank - 1;
    const perm = identity(rank);
    if (binary) return { name: call.reduce("ReduceMax", counts.name, [axis]), perm };
    return { name: call.reduce("ReduceSum", counts.name, [axis]), perm };
  },
};

export const REDUCTION: OpRules = {
  All: logical("ReduceMin"),
  Any: logical("ReduceMax"),
  ArgMax: extreme("ArgMax"),
  ArgMin: extreme("ArgMin"),
  Bincount: bincount,
  Cumprod,
  Cumsum,
  DenseBincount: bincount,
  EuclideanNorm: reduction("ReduceL2", "float32"),
  Max: reduction("ReduceMax", "int32"),
  Mean: reduction("ReduceMean", "float32"),
  Min: reduction("ReduceMin", "int32"),
  Prod: reduction("ReduceProd", "int32"),
  Sum: reduction("ReduceSum", "int32"),
};
