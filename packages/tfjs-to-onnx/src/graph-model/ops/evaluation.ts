import type { Dim } from "@glyphcast/onnx";
import { identity } from "../../layout.ts";
import type { OpCall, OpRule, OpRules } from "../op-rule.ts";

const TopKV2: OpRule = {
  becomes: "TopK, Cast",
  outputs: ["values", "indices"],
  lower: (call) => {
    const x = call.plain(call.promoted([call.input()], "int32")[0]!);
    const [values, indices] = call.ops("TopK", [x.name, call.one(1)], {}, 2) as [string, string];
    return [{ ...x, name: values }, call.cast({ ...x, name: indices }, "int32")];
  },
};

/** How many of a sorted row come before each value. */
const bound = (op: "Less" | "LessOrEqual"): OpRule => ({
  becomes: `Unsqueeze, ${op}, Cast, ReduceSum`,
  lower: (call) => {
    const inputs = call.promoted([call.input(0), call.input(1)], "int32");
    const [sorted, values] = inputs.map((x) => call.plain(x));
    if (sorted?.perm.length !== 2 || values?.perm.length !== 2)
      return call.fail("Both its inputs have to be of rank 2.");
    const rows = call.op("Unsqueeze", [sorted.name, call.g.ints([1])]);
    const columns = call.op("Unsqueeze", [values.name, call.g.ints([2])]);
    const before = call.cast({ name: call.op(op, [rows, columns]), perm: [0, 1, 2] }, "int32");
    return { name: call.reduce("ReduceSum", before.name, [2]), perm: [0, 1] };
  },
});

/** In the order in which they first occur, and for each element which of them it is. */
function unique(call: OpCall, axisGiven: number) {
  const given = call.input();
  // onnxruntime finds unique int64s, but not int32s.
  const x = call.plain(call.dtype(given) === "float32" ? given : call.cast(given, "int64"));
  const rank = x.perm.length;
  const axis = call.axis(axisGiven, rank);
  const dims = call.dims(x);
  const found: Dim = `${call.node.name}_count`;
  const types = [
    { dtype: call.dtype(x), shape: dims.map((dim, i) => (i === axis ? found : dim)) },
    { dtype: "int64", shape: [found] },
    { dtype: "int64", shape: [dims[axis]!] },
    { dtype: "int64", shape: [found] },
  ] as const;
  const names = call.ops("Unique", [x.name], { sorted: 0, axis }, 4, types);
  const values = call.cast({ name: names[0]!, perm: identity(rank) }, call.dtype(given));
  return [values, call.cast({ name: names[2]!, perm: [0] }, "int32")];
}

export const EVALUATION: OpRules = {
  LowerBound: bound("Less"),
  TopKV2,
  Unique: { becomes: "Unique, Cast", outputs: ["y", "idx"], lower: (call) => unique(call, 0) },
  UniqueV2: {
    becomes: "Unique, Cast",
    outputs: ["y", "idx"],
    lower: (call) => unique(call, call.known(1)?.[0] ?? 0),
  },
  UpperBound: bound("LessOrEqual"),
};
