import type { Attribute, AttributeType } from "../graph.ts";

/** The attributes of ONNX's own operators (opset 22 and below) that are floats; all other numbers are ints. */
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
  "softcap",
  "spatial_scale",
  "threshold",
  "value_float",
  "activation_alpha",
  "activation_beta",
  "value_floats",
]);

/** What a plain attribute value is in the file. */
export function attributeType(name: string, value: Attribute): AttributeType {
  if (typeof value === "number") return FLOAT_ATTRIBUTES.has(name) || !Number.isInteger(value) ? "float" : "int";
  if (typeof value === "string" || value instanceof Uint8Array) return "string";
  if ("dtype" in value) return "tensor";
  if ("nodes" in value) return "graph";
  const [first] = value;
  if (typeof first === "string") return "strings";
  if (typeof first === "object") return "graphs";
  return FLOAT_ATTRIBUTES.has(name) || (value as readonly number[]).some((item) => !Number.isInteger(item))
    ? "floats"
    : "ints";
}
