import type { Attribute, AttributeType } from "../graph.ts";

/** The number attributes of ONNX's own operators (opset 22 and below) that are floats; all others are ints. */
const FLOAT_ATTRIBUTES: ReadonlySet<string> = new Set([
  "alpha",
  "base_values",
  "beta",
  "bias",
  "clip",
  "cubic_coeff_a",
  "epsilon",
  "extrapolation_value",
  "gamma",
  "high",
  "lambd",
  "low",
  "max",
  "mean",
  "min",
  "momentum",
  "norm_coefficient",
  "norm_coefficient_post",
  "ratio",
  "scale",
  "scales",
  "softcap",
  "spatial_scale",
  "threshold",
  "value",
  "value_float",
  "activation_alpha",
  "activation_beta",
  "value_floats",
  "weights",
]);

/** The random operators have float seeds; Dropout's is an int. */
const isFloatAttribute = (op: string, name: string): boolean =>
  name === "seed" ? op !== "Dropout" : FLOAT_ATTRIBUTES.has(name);

/** What a plain attribute value of an operator is in the file. */
export function attributeType(op: string, name: string, value: Attribute): AttributeType {
  if (typeof value === "number") return isFloatAttribute(op, name) || !Number.isInteger(value) ? "float" : "int";
  if (typeof value === "string" || value instanceof Uint8Array) return "string";
  if ("dtype" in value) return "tensor";
  if ("nodes" in value) return "graph";
  const [first] = value;
  if (typeof first === "string") return "strings";
  if (typeof first === "object") return "graphs";
  return isFloatAttribute(op, name) || (value as readonly number[]).some((item) => !Number.isInteger(item))
    ? "floats"
    : "ints";
}
