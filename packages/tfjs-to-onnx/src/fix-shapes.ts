import { fieldOf, isObject, type Json } from "./config.ts";
import { UnsupportedOptionError } from "./errors.ts";

/** Extents by the input's name; `""` stands for the only input. null leaves an extent open. */
export type InputShapes = Readonly<Record<string, readonly (number | null)[]>>;

/**
 * The model's JSON with extents of its inputs filled in, TF.js's order of axes, the batch first.
 * @throws UnsupportedOptionError for an input that does not exist, or extents that contradict the model's
 */
export function withShapes(modelJson: Json, shapes: InputShapes): Json {
  const wanted = new Map(Object.entries(shapes));
  if (wanted.size === 0) return modelJson;
  const topology = fieldOf(modelJson, "modelTopology");
  const outer = isObject(topology) ? topology : modelJson;
  const fixed = Array.isArray(outer.node) ? fixGraph(modelJson, outer, wanted) : fixLayers(modelJson, outer, wanted);
  return fixed;
}

type Wanted = ReadonlyMap<string, readonly (number | null)[]>;

/** The extents asked for of one input, held against those that the model declares. */
function chosen(wanted: Wanted, name: string, known: readonly (number | null)[] | undefined, names: readonly string[]) {
  for (const asked of wanted.keys())
    if (!(names.includes(asked) || (asked === "" && names.length === 1)))
      refuse(asked, wanted.get(asked)!, `The model's inputs are ${names.join(", ")}; write --shape NAME=1,224,224,3.`);
  const shape = wanted.get(name) ?? (names.length === 1 ? wanted.get("") : undefined);
  if (!shape || !known) return shape;
  const fits =
    shape.length === known.length && shape.every((dim, i) => dim === null || known[i] === null || known[i] === dim);
  if (!fits) refuse(name, shape, `The model declares [${known.map((dim) => dim ?? "?").join(", ")}].`);
  return shape.map((dim, i) => dim ?? known[i]!);
}

function refuse(name: string, shape: readonly (number | null)[], mend: string): never {
  const text = shape.map((dim) => dim ?? "?").join(",");
  throw new UnsupportedOptionError(name ? `Input "${name}"` : "The input", "shape", text, mend);
}

function fixLayers(modelJson: Json, outer: Json, wanted: Wanted): Json {
  const wrapped = fieldOf(outer, "model_config");
  const model = isObject(wrapped) ? wrapped : outer;
  const config = fieldOf(model, "config");
  const layers = Array.isArray(config) ? config : isObject(config) ? fieldOf(config, "layers") : [];
  if (!Array.isArray(layers)) return modelJson;
  const sequential = fieldOf(model, "class_name") === "Sequential";
  const inputs = layers.flatMap((layer: unknown, i) => {
    const inner = isObject(layer) ? fieldOf(layer, "config") : undefined;
    const input = isObject(layer) && fieldOf(layer, "class_name") === "InputLayer";
    if (!isObject(inner) || !(input || (sequential && i === 0))) return [];
    return [{ i, inner, name: input ? `${fieldOf(inner, "name")}` : `${fieldOf(inner, "name")}_input` }];
  });
  const names = inputs.map(({ name }) => name);
  const changed = [...layers];
  for (const { i, inner, name } of inputs) {
    const known = fieldOf(inner, "batch_input_shape") ?? fieldOf(inner, "batch_shape");
    const shape = chosen(wanted, name, Array.isArray(known) ? known : undefined, names);
    if (shape) changed[i] = { ...changed[i], config: { ...inner, batch_input_shape: shape } };
  }
  if (inputs.length === 0) chosen(wanted, "", undefined, []);
  const fixed = { ...model, config: Array.isArray(config) ? changed : { ...(config as Json), layers: changed } };
  return replaced(modelJson, outer, isObject(wrapped) ? { ...outer, model_config: fixed } : fixed);
}

function fixGraph(modelJson: Json, outer: Json, wanted: Wanted): Json {
  const nodes = outer.node as readonly unknown[];
  const names = nodes.flatMap((node) => (isObject(node) && node.op === "Placeholder" ? [`${node.name}`] : []));
  const shaped = new Map<string, object>();
  const fixed = nodes.map((node) => {
    if (!isObject(node) || node.op !== "Placeholder") return node;
    const attr = isObject(node.attr) ? node.attr : {};
    const shape = chosen(wanted, `${node.name}`, dimsOf(attr.shape), names);
    if (!shape) return node;
    const tensorShape = { dim: shape.map((dim) => ({ size: `${dim ?? -1}` })) };
    shaped.set(`${node.name}`, tensorShape);
    return { ...node, attr: { ...attr, shape: { shape: tensorShape } } };
  });
  const topology = { ...outer, node: fixed };
  return signaturesWith(replaced(modelJson, outer, topology), shaped);
}

/** A signature may declare its inputs' shapes as well. */
function signaturesWith(json: Json, shaped: ReadonlyMap<string, object>): Json {
  const fix = (signature: unknown): unknown => {
    if (!isObject(signature) || !isObject(signature.inputs)) return signature;
    const inputs = Object.entries(signature.inputs).map(([key, info]) => {
      const shape = isObject(info) ? shaped.get(`${info.name}`.replace(/:\d+$/, "")) : undefined;
      return [key, shape ? { ...(info as Json), tensorShape: shape } : info];
    });
    return { ...signature, inputs: Object.fromEntries(inputs) };
  };
  const fixIn = (record: unknown): unknown => {
    if (!isObject(record)) return record;
    const { signature, signatures } = record;
    const several = isObject(signatures)
      ? Object.fromEntries(Object.entries(signatures).map(([key, one]) => [key, fix(one)]))
      : signatures;
    return {
      ...record,
      ...(signature !== undefined && { signature: fix(signature) }),
      ...(several !== undefined && { signatures: several }),
    };
  };
  const own = fixIn(json) as Json;
  return {
    ...own,
    ...(own.userDefinedMetadata !== undefined && { userDefinedMetadata: fixIn(own.userDefinedMetadata) }),
  };
}

function dimsOf(attribute: unknown): readonly (number | null)[] | undefined {
  const shape = isObject(attribute) ? attribute.shape : undefined;
  if (!isObject(shape) || shape.unknownRank === true || !Array.isArray(shape.dim)) return undefined;
  return shape.dim.map((dim) => (isObject(dim) && Number(dim.size) >= 0 ? Number(dim.size) : null));
}

const replaced = (modelJson: Json, outer: Json, topology: Json): Json =>
  outer === modelJson ? topology : { ...modelJson, modelTopology: topology };
