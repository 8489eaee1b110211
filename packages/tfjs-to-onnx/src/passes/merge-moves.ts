import {
  type DataType,
  type Dim,
  type Graph,
  int64,
  type Node,
  numbersOf,
  PROTO_TYPE_OF,
  scopeOf,
  type ValueType,
} from "@glyphcast/onnx";
import { isIdentity, keepsOrder } from "../layout.ts";
import { Constants } from "./constants.ts";
import type { PassOptions } from "./simplify.ts";
import { identityOf, producersOf } from "./values.ts";

/**
 * Makes one node of two Casts, Reshapes or Transposes in a row, and none of those that change nothing. A Transpose that
 * only moves axes of extent 1 becomes a Reshape, which moves nothing in memory.
 */
export function mergeMoves(graph: Graph, { opset }: PassOptions): Graph {
  const constants = new Constants(graph);
  const scope = scopeOf(graph, opset, () => {});
  const producers = producersOf(graph);
  const known: Known = { type: (name) => scope.type(name), producer: (name) => producers.get(name), constants };
  const nodes = graph.nodes.map((node) => {
    const merged = node.domain === "" && MERGES.get(node.op)?.(node, known);
    for (const name of node.outputs) producers.set(name, merged || node);
    return merged || node;
  });
  return { ...graph, nodes, initializers: constants.all() };
}

interface Known {
  type(name: string): ValueType | undefined;
  producer(name: string): Node | undefined;
  readonly constants: Constants;
}

type Merge = (node: Node, known: Known) => Node | undefined;

const MERGES: ReadonlyMap<string, Merge> = new Map<string, Merge>([
  ["Cast", mergeCast],
  ["Flatten", dropReshape],
  ["Reshape", mergeReshape],
  ["Squeeze", dropReshape],
  ["Transpose", mergeTranspose],
  ["Unsqueeze", dropReshape],
]);

/** Which types hold every value of another. */
const WIDER: Partial<Record<DataType, readonly DataType[]>> = {
  bool: ["uint8", "int8", "uint16", "int16", "int32", "int64", "float16", "float32", "float64"],
  uint8: ["uint16", "int16", "int32", "int64", "float16", "float32", "float64"],
  int8: ["int16", "int32", "int64", "float16", "float32", "float64"],
  uint16: ["int32", "int64", "float32", "float64"],
  int16: ["int32", "int64", "float32", "float64"],
  int32: ["int64", "float64"],
  float16: ["float32", "float64"],
  float32: ["float64"],
};

function mergeCast(node: Node, known: Known): Node | undefined {
  const [x = ""] = node.inputs;
  const before = known.producer(x);
  const through = known.type(x)?.dtype;
  const from = before?.op === "Cast" ? known.type(before.inputs[0]!)?.dtype : undefined;
  // What went through a type that holds it all may come from before that.
  if (from && through && (from === through || WIDER[from]?.includes(through))) {
    const joined = { ...node, inputs: before!.inputs };
    return mergeCast(joined, known) ?? joined;
  }
  return through && PROTO_TYPE_OF[through] === node.attributes.to ? identityOf(node, x) : undefined;
}

function mergeTranspose(node: Node, known: Known): Node | undefined {
  const [x = ""] = node.inputs;
  const { perm } = node.attributes as { perm?: readonly number[] };
  if (!perm) return undefined;
  const before = known.producer(x);
  const first = before?.op === "Transpose" ? (before.attributes.perm as readonly number[] | undefined) : undefined;
  if (first) {
    const joined = { ...node, inputs: before!.inputs, attributes: { perm: perm.map((axis) => first[axis]!) } };
    return mergeTranspose(joined, known) ?? joined;
  }
  if (isIdentity(perm)) return identityOf(node, x);
  const dims = known.type(x)?.shape;
  const reshape = dims && keepsOrder(dims, perm) && asReshape(node, dims, perm, known.constants);
  return reshape ? (mergeReshape(reshape, known) ?? reshape) : undefined;
}

function asReshape(node: Node, dims: readonly Dim[], perm: readonly number[], constants: Constants): Node | undefined {
  // 0 copies the extent at the same place, -1 is the one left open.
  const target = perm.map((axis, i) => {
    const dim = dims[axis]!;
    return typeof dim === "number" ? dim : dims[i] === dim ? 0 : -1;
  });
  if (target.filter((dim) => dim === -1).length > 1 || dims.includes(0)) return undefined;
  const shape = constants.add(`${node.name}/shape`, int64([target.length], target));
  return { ...node, op: "Reshape", inputs: [node.inputs[0]!, shape], attributes: {} };
}

/** Operators whose results have the same elements in the same order. */
const RESHAPES: ReadonlySet<string> = new Set(["Flatten", "Reshape", "Squeeze", "Unsqueeze"]);

function mergeReshape(node: Node, known: Known): Node | undefined {
  const [x = "", shape = ""] = node.inputs;
  const before = known.producer(x);
  const target = known.constants.get(shape);
  if (before && RESHAPES.has(before.op) && target && !node.attributes.allowzero) {
    const [own, theirs] = [known.type(x)?.shape, known.type(before.inputs[0]!)?.shape];
    // 0 copies an extent: it must be the same before.
    const copies = numbersOf(target).every((dim, i) => dim !== 0 || (own && theirs && own[i] === theirs[i]));
    if (copies) {
      const joined = { ...node, inputs: [before.inputs[0]!, shape] };
      return mergeReshape(joined, known) ?? joined;
    }
  }
  return dropReshape(node, known);
}

function dropReshape(node: Node, { type }: Known): Node | undefined {
  const [x = ""] = node.inputs;
  const [before, after] = [type(x)?.shape, type(node.outputs[0]!)?.shape];
  return before && after && sameDims(before, after) ? identityOf(node, x) : undefined;
}

/** Two open extents are the same where their names are. */
const sameDims = (a: readonly Dim[], b: readonly Dim[]): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i]);
