import { isObject, type Json } from "../config.ts";
import { NotAModelError } from "../errors.ts";
import { OpAttributes } from "./attributes.ts";
import { OpError } from "./errors.ts";

/** What a node reads: an output of another node, by place or, inside functions, by its name and place. */
export interface Edge {
  readonly node: string;
  readonly port?: string | undefined;
  readonly index: number;
}

export interface OpNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly Edge[];
  readonly attributes: OpAttributes;
}

/** A tensor that goes in or comes out, under its public name. */
export interface Port {
  readonly name: string;
  readonly from: Edge;
  readonly dtype?: unknown;
  /** A TensorShapeProto, where the signature has one. */
  readonly shape?: unknown;
}

/** A graph of ops: the model's own, one of its functions, or a branch or loop body cut out of either. */
export interface GraphDef {
  readonly nodes: ReadonlyMap<string, OpNode>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

export interface GraphModelFile {
  readonly graph: GraphDef;
  readonly functions: ReadonlyMap<string, GraphDef>;
  /** Who wrote the file, as far as it tells. */
  readonly writer: string;
}

/** Whether a model.json holds a GraphModel. */
export function isGraphModel(json: unknown): boolean {
  if (!isObject(json)) return false;
  const topology = isObject(json.modelTopology) ? json.modelTopology : json;
  return json.format === "graph-model" || Array.isArray(topology.node);
}

/**
 * @param signature which of several to take; by default the only one, or `serving_default`.
 * @throws NotAModelError, OpError
 */
export function readGraphModel(json: unknown, signature?: string): GraphModelFile {
  if (!isObject(json)) throw new NotAModelError("The JSON is not an object; a TF.js model.json is one.");
  const topology = isObject(json.modelTopology) ? json.modelTopology : json;
  if (!Array.isArray(topology.node)) throw new NotAModelError("The GraphModel has no list of nodes.");
  const nodes = readNodes(topology.node);
  const { inputs, outputs } = signatureOf(json, signature);
  const library = isObject(topology.library) ? topology.library.function : undefined;
  const functions = Array.isArray(library) ? library.map(readFunction) : [];
  const writer = [json.generatedBy, json.convertedBy].filter((text) => typeof text === "string").join(", ");
  return {
    graph: {
      nodes,
      inputs: portsOf(inputs, nodes) ?? placeholders(nodes),
      outputs: portsOf(outputs, nodes) ?? leaves(nodes),
    },
    functions: new Map(functions),
    writer: writer || "unknown",
  };
}

/** Where the writers of different years put it. */
function signatureOf(json: Json, wanted: string | undefined): Json {
  const metadata = isObject(json.userDefinedMetadata) ? json.userDefinedMetadata : {};
  const several = [json.signatures, metadata.signatures].find(isObject);
  if (!several) {
    if (wanted !== undefined) throw new NotAModelError(`There is no signature "${wanted}": the model has one only.`);
    return [metadata.signature, json.signature].find(isObject) ?? {};
  }
  const names = Object.keys(several);
  const name = wanted ?? (names.includes("serving_default") ? "serving_default" : names[0]);
  const found = name !== undefined && Object.hasOwn(several, name) ? several[name] : undefined;
  if (isObject(found)) return found;
  throw new NotAModelError(`There is no signature "${name}".\n  There are: ${names.join(", ") || "none"}.`);
}

function readNodes(list: readonly unknown[]): Map<string, OpNode> {
  const nodes = new Map<string, OpNode>();
  for (const item of list) {
    if (!isObject(item) || typeof item.name !== "string" || typeof item.op !== "string")
      throw new NotAModelError(`A node is ${JSON.stringify(item)?.slice(0, 80)}, expected { name, op, input, attr }.`);
    const { name, op, input = [], attr } = item;
    const where = `${op} "${name}"`;
    if (nodes.has(name)) throw new OpError(where, "Another node has this name.");
    if (!Array.isArray(input) || !input.every((text) => typeof text === "string"))
      throw new OpError(where, `input is ${JSON.stringify(input)}, expected a list of names.`);
    // A caret marks an order of execution, not a value.
    const inputs = input.filter((text) => !text.startsWith("^")).map(edgeOf);
    nodes.set(name, { name, op, inputs, attributes: new OpAttributes(where, isObject(attr) ? attr : {}) });
  }
  return nodes;
}

/** `node`, `node:1`, or inside functions `node:port:1`. */
export function edgeOf(text: string): Edge {
  const [node = "", ...rest] = text.split(":");
  const index = Number(rest.at(-1) ?? 0);
  return { node, port: rest.length > 1 ? rest[0] : undefined, index: Number.isSafeInteger(index) ? index : 0 };
}

/** What a signature lists, named by its keys. TensorFlow's `:0` is no part of a name. */
function portsOf(entries: unknown, nodes: ReadonlyMap<string, OpNode>): readonly Port[] | undefined {
  if (!isObject(entries)) return undefined;
  const ports = Object.entries(entries).flatMap(([key, info]): Port[] => {
    if (!isObject(info) || typeof info.name !== "string") return [];
    const from = edgeOf(info.name);
    return nodes.has(from.node)
      ? [{ name: key.replace(/:0$/, ""), from, dtype: info.dtype, shape: info.tensorShape }]
      : [];
  });
  return ports.length > 0 ? ports : undefined;
}

const port = (name: string): Port => ({ name, from: { node: name, index: 0 } });

const placeholders = (nodes: ReadonlyMap<string, OpNode>): readonly Port[] =>
  [...nodes.values()].filter(({ op }) => op === "Placeholder").map(({ name }) => port(name));

/** Without a signature, what nobody reads comes out. */
function leaves(nodes: ReadonlyMap<string, OpNode>): readonly Port[] {
  const read = new Set([...nodes.values()].flatMap(({ inputs }) => inputs.map(({ node }) => node)));
  return [...nodes.keys()].filter((name) => !read.has(name) && nodes.get(name)!.op !== "NoOp").map(port);
}

function readFunction(item: unknown): [string, GraphDef] {
  const signature = isObject(item) && isObject(item.signature) ? item.signature : {};
  if (!isObject(item) || typeof signature.name !== "string")
    throw new NotAModelError("A function of the graph's library has no name.");
  const nodes = readNodes(Array.isArray(item.nodeDef) ? item.nodeDef : []);
  const argumentsOf = (list: unknown): readonly Json[] => (Array.isArray(list) ? list.filter(isObject) : []);
  const returned = isObject(item.ret) ? item.ret : {};
  const inputs = argumentsOf(signature.inputArg).map(({ name, type }) => ({ ...port(`${name}`), dtype: type }));
  const outputs = argumentsOf(signature.outputArg).map(({ name, type }) => {
    const from = returned[`${name}`];
    if (typeof from !== "string") throw new NotAModelError(`Function "${signature.name}" does not return "${name}".`);
    return { ...port(`${name}`), from: edgeOf(from), dtype: type };
  });
  return [signature.name, { nodes, inputs, outputs }];
}
