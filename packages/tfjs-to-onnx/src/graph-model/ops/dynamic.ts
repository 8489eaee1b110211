import { PROTO_TYPE_OF } from "@glyphcast/onnx";
import type { Held } from "../../layout.ts";
import type { OpCall, OpRule, OpRules } from "../op-rule.ts";

/** A number as a vector of one float, as NonMaxSuppression wants it. */
function floats(call: OpCall, place: number): string {
  const known = call.known(place);
  if (known?.length === 1) return call.g.floats([known[0]!]);
  return call.op("Reshape", [call.cast(call.plain(call.input(place)), "float32").name, call.g.ints([1])]);
}

/** The indices of the boxes that are kept, as int64. */
function suppress(call: OpCall, scored: boolean): Held {
  const boxes = call.op("Unsqueeze", [call.plain(call.float(0)).name, call.g.ints([0])]);
  const scores = call.op("Unsqueeze", [call.plain(call.float(1)).name, call.g.ints([0, 1])]);
  const threshold = scored && call.known(4)?.[0] !== Number.NEGATIVE_INFINITY ? [floats(call, 4)] : [];
  const inputs = [boxes, scores, call.one(2), floats(call, 3), ...threshold];
  const type = { dtype: "int64", shape: [`${call.node.name}_count`, 3] } as const;
  // [image, class, box] of each
  const selected = call.op("NonMaxSuppression", inputs, {}, type);
  return { name: call.op("Gather", [selected, call.g.ints(2)], { axis: 1 }), perm: [0] };
}

const plainSuppression = (scored: boolean): OpRule => ({
  becomes: "NonMaxSuppression, Gather, Cast",
  lower: (call) => call.cast(suppress(call, scored), "int32"),
});

const NonMaxSuppressionV4: OpRule = {
  becomes: "NonMaxSuppression, Gather, Cast, Pad",
  outputs: ["selected_indices", "valid_outputs"],
  lower: (call) => {
    const selected = suppress(call, true);
    const count: Held = { name: call.op("Size", [selected.name]), perm: [] };
    const indices = call.cast(selected, "int32");
    const valid = call.cast(count, "int32");
    if (!call.attributes.flag("pad_to_max_output_size")) return [indices, valid];
    const missing = call.op("Sub", [call.one(2), count.name]);
    const pads = call.op("Concat", [call.g.ints([0]), missing], { axis: 0 });
    const size = call.known(2)?.[0];
    const type = size === undefined ? undefined : ({ dtype: "int32", shape: [size] } as const);
    return [{ name: call.op("Pad", [indices.name, pads], {}, type), perm: [0] }, valid];
  },
};

const NonMaxSuppressionV5: OpRule = {
  becomes: "NonMaxSuppression, Gather, Cast",
  notes: "soft_nms_sigma 0",
  outputs: ["selected_indices", "selected_scores", "valid_outputs"],
  lower: (call) => {
    if (call.number(5) !== 0) call.fail("soft_nms_sigma is not 0; ONNX has no soft non-max suppression.");
    const selected = suppress(call, true);
    const scores = { name: call.op("Gather", [call.plain(call.float(1)).name, selected.name], { axis: 0 }), perm: [0] };
    const count = call.cast({ name: call.op("Size", [selected.name]), perm: [] }, "int32");
    return [call.cast(selected, "int32"), scores, count];
  },
};

const places = (call: OpCall, condition: string): string =>
  call.op("Transpose", [call.op("NonZero", [condition])], { perm: [1, 0] });

/** Where a tensor is not zero: a row of coordinates each. */
const Where: OpRule = {
  becomes: "NonZero, Transpose, Cast",
  lower: (call) => {
    const condition = call.cast(call.plain(call.input()), "bool");
    return call.cast({ name: places(call, condition.name), perm: [0, 1] }, "int32");
  },
};

/** The elements of the first vector that the second has not, and where they were. */
const ListDiff: OpRule = {
  becomes: "Equal, ReduceSum, NonZero, Gather",
  outputs: ["out", "idx"],
  lower: (call) => {
    const [x, y] = call.promoted([call.input(0, 1), call.input(1, 1)], "int32") as [Held, Held];
    const equal = call.op("Equal", [call.op("Unsqueeze", [x.name, call.g.ints([1])]), y.name]);
    const hits = call.op("Cast", [equal], { to: PROTO_TYPE_OF.int32 });
    const count = call.reduce("ReduceSum", hits, [1]);
    const kept = call.op("Not", [call.op("Cast", [count], { to: PROTO_TYPE_OF.bool })]);
    const indices = call.op("Squeeze", [call.op("NonZero", [kept]), call.g.ints([0])]);
    const values = call.op("Gather", [x.name, indices], { axis: 0 });
    return [{ name: values, perm: [0] }, call.cast({ name: indices, perm: [0] }, "int32")];
  },
};

export const DYNAMIC: OpRules = {
  ListDiff,
  NonMaxSuppressionV2: plainSuppression(false),
  NonMaxSuppressionV3: plainSuppression(true),
  NonMaxSuppressionV4,
  NonMaxSuppressionV5,
  Where,
};
