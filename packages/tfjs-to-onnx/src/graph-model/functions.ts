import type { Dim, Graph, GraphBuilder, ValueType } from "@glyphcast/onnx";
import { type Held, identity } from "../layout.ts";
import { simplify } from "../passes/simplify.ts";
import type { GraphDef } from "./graph-def.ts";
import type { GraphLowering } from "./graph-lowering.ts";
import type { OpCall } from "./op-rule.ts";
import { structure } from "./structure.ts";

/** Deeper than any model calls functions; a function that calls itself is refused here. */
const MAX_DEPTH = 32;

/** A function of the model's library, its control flow in order. */
export function functionOf(call: OpCall, key: string): GraphDef {
  const { functions } = call.lowering.source;
  const name = call.attributes.func(key);
  const found = functions.get(name) ?? call.fail(`The graph has no function "${name}".`);
  const structured = structure(found, functions);
  functions.set(name, structured);
  if (call.lowering.depth > MAX_DEPTH) call.fail(`Functions are nested more than ${MAX_DEPTH} deep.`);
  return structured;
}

/**
 * A graph inside of a node while it is built. Its inputs are its own, then what it takes from around it, until
 * `bindCaptures` lets it read that by name.
 */
export interface Inner {
  readonly g: GraphBuilder;
  readonly lowering: GraphLowering;
}

export function innerOf(call: OpCall, name: string): Inner {
  const g = call.g.inner(call.g.unique(`${call.node.name}/${name}`));
  return { g, lowering: call.lowering.within(g) };
}

/** A value from around a graph: a constant of its own, or an input. Returns what is taken, in `taken`. */
export function take(call: OpCall, { g, lowering }: Inner, given: Held, taken: string[]): Held {
  const list = call.lowering.reserved.get(given.name);
  if (list) return lowering.reserve({ ...list, trial: true });
  const tensor = call.tensor(given);
  if (tensor) return { ...given, name: g.initializer(g.unique(given.name), tensor) };
  const x = call.plain(given);
  const { dtype, shape } = call.g.type(x.name);
  taken.push(x.name);
  const held = { ...x, name: g.input(g.unique(given.name), dtype, shape ?? []) };
  return lowering.know(held, call.lowering.elements(x));
}

/** A value of a graph's own as its output. */
export function give(call: OpCall, { g, lowering }: Inner, value: Held): ValueType {
  if (lowering.reserved.has(value.name)) call.fail("It returns a list of which not even the elements' shape is known.");
  const { name } = lowering.plain(value, call.node.name);
  const type = g.type(name);
  g.output(name, g.unique(`${name}/given`));
  return type;
}

/** The graph, simplified: all that it needs is its own or an input. */
export const finish = ({ g }: Inner): Graph => simplify(g.build(), { training: false, opset: g.opset });

/** A boolean of rank 0. */
export function predicate(g: GraphBuilder, lowering: GraphLowering, x: Held, node: string): string {
  const dtype = lowering.dtype(x);
  const bool = dtype === "bool" ? x.name : lowering.op(`${node}/Cast`, "Cast", [x.name], { to: 9 });
  return x.perm.length === 0 ? bool : lowering.op(`${node}/Reshape`, "Reshape", [bool, g.ints([])]);
}

/** What is true of a value that has one of two types; undefined where they have nothing in common. */
export function common(a: ValueType, b: ValueType, stem: string): ValueType | undefined {
  if (a.dtype !== b.dtype || !a.shape || !b.shape || a.shape.length !== b.shape.length) return undefined;
  const shape = a.shape.map((dim, axis): Dim => (dim === b.shape![axis] ? dim : `${stem}_dim${axis}`));
  return { dtype: a.dtype, shape };
}

export const heldAs = (name: string, { shape = [] }: ValueType): Held => ({ name, perm: identity(shape.length) });
