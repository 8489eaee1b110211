import type { Dim } from "@glyphcast/onnx";
import { type Held, identity } from "../../layout.ts";
import { type OpCall, type OpRule, type OpRules, without } from "../op-rule.ts";
import { filled } from "../reshape.ts";

/** Takes places along one axis; the axes before `batch` are those of both tensors. */
function gather(call: OpCall, axisGiven: number, batch: number): Held {
  const x = call.settled(call.input(0));
  const rank = x.perm.length;
  const axis = call.axis(axisGiven, rank);
  const indices = call.cast(call.plain(call.input(1)), "int32");
  if (batch > 0) return gatherInBatch(call, x, axis, indices, batch);
  const more = indices.perm.length;
  const source = more <= 1 ? x : call.plain(x);
  const name = call.op("Gather", [source.name, indices.name], { axis: source.perm.indexOf(axis) });
  if (more === 0) return call.lowering.know({ name, perm: without(source.perm, [axis]) }, picked(call, x, 1));
  if (more === 1) return call.lowering.know({ name, perm: source.perm }, picked(call, x, 1));
  return { name, perm: identity(rank + more - 1) };
}

function picked(call: OpCall, x: Held, place: number): readonly Dim[] | undefined {
  if (x.perm.length !== 1) return undefined;
  const [elements, indices] = [call.lowering.elements(x), call.known(place)];
  const found = indices?.map((i) => elements?.[i]);
  return found?.every((dim) => dim !== undefined) ? (found as readonly Dim[]) : undefined;
}

function gatherInBatch(call: OpCall, given: Held, axis: number, indices: Held, batch: number): Held {
  const rank = given.perm.length;
  if (axis < batch || indices.perm.length < batch) return call.fail(`batch_dims is ${batch}, and the axis ${axis}.`);
  // The axis comes right after those of the batch; the ones between go behind it, and back at the end.
  const order = [...identity(batch), axis, ...identity(rank).filter((other) => other >= batch && other !== axis)];
  const x = call.arrange(given, order);
  const places = call.op("Unsqueeze", [call.cast(indices, "int64").name, call.g.ints([indices.perm.length])]);
  const name = call.op("GatherND", [x.name, places], { batch_dims: batch });
  const inner = indices.perm.length - batch;
  const between = axis - batch;
  const perm = [
    ...identity(batch),
    ...identity(inner).map((i) => batch + between + i),
    ...identity(between).map((i) => batch + i),
    ...identity(rank - axis - 1).map((i) => batch + between + inner + i),
  ];
  return { name, perm };
}

const GatherV2: OpRule = {
  becomes: "Gather; GatherND with batch_dims",
  lower: (call) => gather(call, call.inputs.length > 2 ? call.integer(2) : 0, call.attributes.integer("batch_dims", 0)),
};

const Gather: OpRule = { becomes: "Gather", lower: (call) => gather(call, 0, 0) };

const GatherNd: OpRule = {
  becomes: "GatherND",
  lower: (call) => {
    const [x, indices] = [call.plain(call.input(0)), call.plain(call.input(1))];
    const depth = call.extent(indices, -1);
    const rank = indices.perm.length - 1 + x.perm.length - depth;
    return { name: call.op("GatherND", [x.name, call.cast(indices, "int64").name]), perm: identity(rank) };
  },
};

const scatter = (call: OpCall, x: Held, indices: Held, updates: Held, attributes = {}): Held => {
  const places = call.cast(call.plain(indices), "int64").name;
  return { ...x, name: call.op("ScatterND", [x.name, places, call.plain(updates).name], attributes) };
};

const ScatterNd: OpRule = {
  becomes: "Expand, ScatterND",
  notes: "opset 16 and above",
  lower: (call) => {
    call.needs(16);
    const updates = call.promoted([call.input(1)], "int32")[0]!;
    const zeros = filled(call, 2, call.scalar(0, call.dtype(updates)));
    return scatter(call, zeros, call.input(0), updates, { reduction: "add" });
  },
};

const TensorScatterUpdate: OpRule = {
  becomes: "ScatterND",
  lower: (call) => {
    const x = call.plain(call.input());
    return scatter(call, x, call.input(1), call.cast(call.input(2), call.dtype(x)));
  },
};

const SparseToDense: OpRule = {
  becomes: "Expand, ScatterND",
  lower: (call) => {
    const values = call.plain(call.input(2));
    const otherwise = call.cast(call.plain(call.input(3)), call.dtype(values));
    const dense = filled(call, 1, otherwise.name);
    const given = call.plain(call.input(0));
    // A vector of indices is one for each element of a vector; a number is one.
    const indices =
      given.perm.length === 2
        ? given
        : given.perm.length === 1
          ? call.unsqueeze(given, 1)
          : call.unsqueeze(call.unsqueeze(given, 0), 0);
    const count = call.extents(indices.name, 0, 1);
    const updates = values.perm.length > 0 ? values : { name: call.op("Expand", [values.name, count]), perm: [0] };
    return scatter(call, dense, indices, updates);
  },
};

export const GATHER_SCATTER: OpRules = {
  Gather,
  GatherNd,
  GatherV2,
  ScatterNd,
  SparseToDense,
  TensorScatterUpdate,
};
