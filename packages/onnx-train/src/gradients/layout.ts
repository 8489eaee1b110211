import { PROTO_TYPE_OF } from "@glyphcast/onnx";
import { type Gradients, type Rule, rule, type Site } from "../rule.ts";

const backToInput = ({ g, dy, shape }: Site): Gradients => [g.reshape(dy(0), shape(0))];

export const Reshape: Rule<void> = rule(backToInput);
export const Flatten: Rule<void> = rule(backToInput);
export const Squeeze: Rule<void> = rule(backToInput);
export const Unsqueeze: Rule<void> = rule(backToInput);

export const Transpose: Rule<void> = rule(({ g, dy, shape, attribute }) => {
  const perm = attribute("perm", [...shape(0).keys()].reverse());
  return [
    g.transpose(
      dy(0),
      [...perm.keys()].map((axis) => perm.indexOf(axis)),
    ),
  ];
});

const FLOATS = ["float32", "float64", "float16", "bfloat16"] as const;

// A cast between floats carries the gradient back in the input's type; one from integers ends it.
export const Cast: Rule<void> = rule(({ g, x, dy, attribute }) => {
  const from = g.type(x(0)).dtype;
  const floats =
    FLOATS.some((dtype) => dtype === from) && FLOATS.some((dtype) => PROTO_TYPE_OF[dtype] === attribute("to", 0));
  return [floats ? g.cast(dy(0), from) : undefined];
});

export const Trilu: Rule<void> = rule(({ g, node, x, dy }) => [
  g.op("Trilu", [dy(0), ...(node.inputs[1] ? [x(1)] : [])], node.attributes),
]);
