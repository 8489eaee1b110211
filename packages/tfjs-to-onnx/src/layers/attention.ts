import { PROTO_TYPE_OF, tensor } from "@glyphcast/onnx";
import { type Held, identity } from "../layout.ts";
import type { Relayout } from "../origin.ts";
import type { Call, LayerRule } from "./rule.ts";

/** softmax(Q·Kᵀ/√d + mask)·V for each head, between linear layers. */
const MultiHeadAttention: LayerRule = {
  becomes: "MatMul, Add, Softmax",
  notes: "of Keras; sequences of rank 3, attention_axes left out",
  keywords: ["value", "key", "attention_mask"],
  lower: (call) => {
    const { config } = call;
    if (call.training) call.fail("A training graph has no attention.");
    const axes = config.raw("attention_axes");
    if (axes !== undefined && `${axes}` !== "1") config.unsupported("attention_axes", "Attention is over axis 1 here.");
    const [first, second, third, ...others] = call.inputs;
    const value = call.keywords.get("value") ?? second;
    const key = call.keywords.get("key") ?? third ?? value;
    if (!first || !value || !key || others.length > 0) return call.fail("It reads a query, a value and at most a key.");
    const [q, k, v] = [first, key, value].map((x) => sequence(call, x)) as [Held, Held, Held];
    if ([...call.masks, ...[...call.keywords.values()].map(({ mask }) => mask)].some((mask) => mask !== undefined))
      call.fail("Keras's versions differ in what they do with masked steps; pass an attention_mask instead.");

    const [heads, keyDim] = [config.count("num_heads"), config.count("key_dim")];
    const valueDim = config.count("value_dim", keyDim);
    const query = project(call, q, "query", heads, keyDim, [0, 2, 1, 3]);
    const keys = project(call, k, "key", heads, keyDim, [0, 2, 3, 1]);
    const values = project(call, v, "value", heads, valueDim, [0, 2, 1, 3]);
    const scaled = call.op("Mul", [query, call.g.floats(1 / Math.sqrt(keyDim))]);
    const masked = withMask(call, call.op("MatMul", [scaled, keys]), q, v);
    const scores = call.op("Softmax", [masked], { axis: 3 });
    const context = call.op("Transpose", [call.op("MatMul", [scores, values])], { perm: [0, 2, 1, 3] });
    const flat = call.reshape(context, [...stepsOf(q), heads * valueDim]);
    const output = { name: combine(call, flat, heads, valueDim, q), perm: identity(3) };
    return call.keyword("return_attention_scores") === true ? [output, { name: scores, perm: identity(4) }] : output;
  },
};

function sequence(call: Call, x: Held): Held {
  if (x.perm.length !== 3) call.fail(`It reads a tensor of rank ${x.perm.length}, expected [batch, steps, features].`);
  return call.plain(x);
}

const stepsOf = ({ name }: Held) => [0, 1].map((axis) => ({ of: name, axis }));

/** A linear layer of its own for every head; the result is transposed by `perm`, from [batch, steps, head, features]. */
function project(call: Call, x: Held, role: string, heads: number, size: number, perm: readonly number[]): string {
  const features = call.extent(x, 2);
  const flat = (shape: readonly number[]): readonly Relayout[] => [{ kind: "reshape", shape }];
  const kernel = call.weight(`${role}/kernel`, [features, heads, size], () => flat([features, heads * size]));
  const product = call.op("MatMul", [x.name, kernel]);
  const sum = call.config.flag("use_bias", true)
    ? call.op("Add", [product, call.weight(`${role}/bias`, [heads, size], () => flat([heads * size]))])
    : product;
  return call.op("Transpose", [call.reshape(sum, [...stepsOf(x), heads, size])], { perm });
}

/** The heads' results through the last linear layer. */
function combine(call: Call, context: string, heads: number, size: number, query: Held): string {
  const given = call.config.raw("output_shape");
  const dims = given === undefined ? [call.extent(query, 2)] : Array.isArray(given) ? given : [given];
  const [features] = dims;
  if (dims.length !== 1 || !Number.isSafeInteger(features))
    return call.config.unsupported("output_shape", "One extent is, or none.");
  const kernel = call.weight("attention_output/kernel", [heads, size, features], () => [
    { kind: "reshape", shape: [heads * size, features] },
  ]);
  const product = call.op("MatMul", [context, kernel]);
  return call.config.flag("use_bias", true)
    ? call.op("Add", [product, call.weight("attention_output/bias", [features])])
    : product;
}

/** Adds −10⁹ to the scores [batch, head, steps of the query, steps of the value] of what may not be seen. */
function withMask(call: Call, scores: string, query: Held, value: Held): string {
  const given = call.keywords.get("attention_mask");
  const causal = call.keyword("use_causal_mask") === true ? causalMask(call, query, value) : undefined;
  const visible = causal === undefined ? scores : call.op("Add", [scores, causal]);
  if (!given) return visible;
  const seen = call.plain(given);
  if (seen.perm.length !== 3)
    call.fail(`Its attention_mask has rank ${seen.perm.length}, expected [batch, steps, steps].`);
  const heads = call.op("Unsqueeze", [seen.name, call.g.ints([1])]);
  const bool = call.op("Cast", [heads], { to: PROTO_TYPE_OF.bool });
  const adder = call.op("Where", [bool, call.g.floats(0), call.g.floats(-1e9)]);
  return call.op("Add", [visible, adder]);
}

function causalMask(call: Call, query: Held, value: Held): string {
  const [rows, columns] = [call.extent(query, 1), call.extent(value, 1)];
  const data = Float32Array.from({ length: call.sizeOf([rows, columns]) }, (_, i) =>
    i % columns > Math.floor(i / columns) ? -1e9 : 0,
  );
  return call.constant("causal_mask", tensor("float32", [rows, columns], data));
}

export const ATTENTIONS: Readonly<Record<string, LayerRule>> = { MultiHeadAttention };
