import { PROTO_TYPE_OF } from "@glyphcast/onnx";
import { identity } from "../layout.ts";
import type { Call, LayerRule } from "./rule.ts";

const Embedding: LayerRule = {
  becomes: "Gather; Cast makes the mask with mask_zero",
  lower: (call) => {
    const { config } = call;
    const x = call.plain(call.input());
    const rows = call.weight("embeddings", [config.count("input_dim"), config.count("output_dim")]);
    const name = call.op("Gather", [rows, call.integers(x)]);
    const mask = config.flag("mask_zero", false) ? isNotZero(call, x.name) : undefined;
    return { name, perm: identity(x.perm.length + 1), mask };
  },
};

const isNotZero = (call: Call, x: string): string => call.op("Cast", [x], { to: PROTO_TYPE_OF.bool });

/** Steps whose features all have one value do not count, and become zeros. */
const Masking: LayerRule = {
  becomes: "Sub, Abs, ReduceMax, Cast, Mul",
  lower: (call) => {
    const x = call.plain(call.input());
    const value = call.config.number("mask_value", 0);
    const last = x.perm.length - 1;
    const difference = value === 0 ? x.name : call.op("Sub", [x.name, call.g.floats(value)]);
    const largest = call.reduce("ReduceMax", call.op("Abs", [difference]), [last], true);
    const counts = isNotZero(call, largest);
    const name = call.op("Mul", [x.name, call.op("Cast", [counts], { to: PROTO_TYPE_OF.float32 })]);
    return { name, perm: x.perm, mask: call.op("Squeeze", [counts, call.g.ints([last])]) };
  },
};

export const MASKINGS: Readonly<Record<string, LayerRule>> = { Embedding, Masking };
