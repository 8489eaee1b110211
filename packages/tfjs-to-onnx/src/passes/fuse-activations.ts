import type { Graph, Node } from "@glyphcast/onnx";
import { Constants } from "./constants.ts";
import type { PassOptions } from "./simplify.ts";
import { producersOf } from "./values.ts";

/**
 * Makes one of ONNX's own operators of the several that spell it out: Relu, LeakyRelu, HardSigmoid, HardSwish (since
 * opset 14) and Gelu (since opset 20). What is left unread goes with `remove dead nodes`.
 */
export function fuseActivations(graph: Graph, { opset }: PassOptions): Graph {
  const constants = new Constants(graph);
  const producers = producersOf(graph);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const view = new View(node, producers, constants);
    const fusion = FUSIONS.filter(({ since = 0 }) => since <= opset).reduce<Fused | undefined>(
      (found, { match }) => found ?? match(view),
      undefined,
    );
    const fused = fusion ? { ...node, op: fusion.op, inputs: [fusion.x], attributes: fusion.attributes ?? {} } : node;
    for (const name of node.outputs) producers.set(name, fused);
    nodes.push(fused);
  }
  return { ...graph, nodes };
}

interface Fused {
  readonly op: string;
  readonly x: string;
  readonly attributes?: Node["attributes"];
}

/** A node, and what its inputs are made of. */
class View {
  readonly node: Node;
  readonly #producers: ReadonlyMap<string, Node>;
  readonly #constants: Constants;

  constructor(node: Node, producers: ReadonlyMap<string, Node>, constants: Constants) {
    this.node = node;
    this.#producers = producers;
    this.#constants = constants;
  }

  is(op: string): boolean {
    return this.node.domain === "" && this.node.op === op;
  }

  /** The node that computes an input. */
  from(name: string | undefined): View | undefined {
    const node = name === undefined ? undefined : this.#producers.get(name);
    return node && new View(node, this.#producers, this.#constants);
  }

  /** The value of a constant that is one number. */
  number(name: string | undefined): number | undefined {
    const tensor = this.#constants.get(name);
    return tensor?.dtype === "float32" && tensor.data.length === 1 && tensor.shape.length === 0
      ? tensor.data[0]
      : undefined;
  }

  /** The other operand and the number, of an operator that takes them in any order. */
  withNumber(op: string): readonly [x: string, number: number] | undefined {
    const [a = "", b = ""] = this.node.inputs;
    if (!this.is(op)) return undefined;
    const [first, second] = [this.number(a), this.number(b)];
    if (second !== undefined) return [a, second];
    return first === undefined ? undefined : [b, first];
  }

  /** x·factor, also where it is written as a division. */
  scaled(): readonly [x: string, factor: number] | undefined {
    const [x = "", by] = this.node.inputs;
    const divisor = this.is("Div") ? this.number(by) : undefined;
    return divisor === undefined ? this.withNumber("Mul") : [x, 1 / divisor];
  }

  /** min(max(x, low), high) */
  clipped(low: number, high: number): string | undefined {
    const [x = "", least, most] = this.node.inputs;
    return this.is("Clip") && this.number(least) === low && this.number(most) === high ? x : undefined;
  }
}

const near = (value: number | undefined, expected: number): boolean =>
  value !== undefined && Math.abs(value - expected) <= Math.abs(expected) * 2 ** -22;

/** max(x, 0), and what else cuts off below zero only. */
function relu(view: View): Fused | undefined {
  const [x = "", low, high] = view.node.inputs;
  const endless = view.number(high) === Number.POSITIVE_INFINITY || high === undefined || high === "";
  if (view.is("Clip") && view.number(low) === 0 && endless) return { op: "Relu", x };
  const max = view.node.inputs.length === 2 ? view.withNumber("Max") : undefined;
  return max?.[1] === 0 ? { op: "Relu", x: max[0] } : undefined;
}

/** max(αx, x) with 0 < α < 1 */
function leakyRelu(view: View): Fused | undefined {
  const [a = "", b = ""] = view.node.inputs;
  if (!view.is("Max") || view.node.inputs.length !== 2) return undefined;
  for (const [scaled, x] of [
    [a, b],
    [b, a],
  ] as const) {
    const [of, alpha = 0] = view.from(scaled)?.scaled() ?? [];
    if (of === x && alpha > 0 && alpha < 1) return { op: "LeakyRelu", x, attributes: { alpha } };
  }
  return undefined;
}

/** min(max(αx + β, 0), 1), and relu6(x + 3)/6, which is the same with 1/6 and 1/2. */
function hardSigmoid(view: View): Fused | undefined {
  const fused = (x: string, alpha: number, beta: number): Fused => ({
    op: "HardSigmoid",
    x,
    attributes: { alpha, beta },
  });
  const inner = view.clipped(0, 1);
  const [sum, beta] = view.from(inner)?.withNumber("Add") ?? [];
  const [x, alpha] = view.from(sum)?.scaled() ?? [];
  if (x !== undefined && beta !== undefined && alpha !== undefined) return fused(x, alpha, beta);
  const [relu6, factor] = view.scaled() ?? [];
  const [of, three] = view.from(view.from(relu6)?.clipped(0, 6))?.withNumber("Add") ?? [];
  return of !== undefined && three === 3 && near(factor, 1 / 6) ? fused(of, 1 / 6, 0.5) : undefined;
}

/** x·HardSigmoid(x), and x·relu6(x + 3)/6 in whatever order. */
function hardSwish(view: View): Fused | undefined {
  const [product, factor] = view.scaled() ?? [];
  const through = near(factor, 1 / 6) ? view.from(product) : undefined;
  const isRelu6 = (name: string, x: string): boolean => {
    const [of, three] = view.from(view.from(name)?.clipped(0, 6))?.withNumber("Add") ?? [];
    return of === x && three === 3;
  };
  const isHardSigmoid = (name: string, x: string): boolean => {
    const { op, inputs, attributes } = view.from(name)?.node ?? {};
    return (
      op === "HardSigmoid" && inputs?.[0] === x && near(attributes?.alpha as number, 1 / 6) && attributes?.beta === 0.5
    );
  };
  for (const [of, matches] of [
    [view, isHardSigmoid],
    [through, isRelu6],
  ] as const) {
    const [a = "", b = ""] = of?.is("Mul") ? of.node.inputs : [];
    if (a !== "" && matches(b, a)) return { op: "HardSwish", x: a };
    if (b !== "" && matches(a, b)) return { op: "HardSwish", x: b };
  }
  return undefined;
}

/** ½x·(1 + erf(x/√2)), and with tanh(√(2/π)·(x + 0.044715·x³)) in its place, the factors in any order. */
function gelu(view: View): Fused | undefined {
  const factors = factorsOf(view);
  const half = factors
    .filter(({ number }) => number !== undefined)
    .reduce((product, { number }) => product * number!, 1);
  const [p, q, ...others] = factors.filter(({ number }) => number === undefined);
  if (!p || !q || others.length > 0 || !near(half, 0.5)) return undefined;
  for (const [x, sum] of [
    [p.name, q.name],
    [q.name, p.name],
  ] as const) {
    const [inner, one] = view.from(sum)?.withNumber("Add") ?? [];
    const bend = one === 1 ? view.from(inner) : undefined;
    const [of, factor] = view.from(bend?.node.inputs[0])?.scaled() ?? [];
    if (of === undefined) continue;
    if (bend!.is("Erf") && of === x && near(factor, Math.SQRT1_2)) return { op: "Gelu", x };
    if (bend!.is("Tanh") && near(factor, Math.sqrt(2 / Math.PI)) && isCubic(view.from(of), x))
      return { op: "Gelu", x, attributes: { approximate: "tanh" } };
  }
  return undefined;
}

/** What a chain of products multiplies. */
function factorsOf(view: View, depth = 2): readonly { readonly name: string; readonly number: number | undefined }[] {
  return view.is("Mul")
    ? view.node.inputs.flatMap((name) => {
        const inner = depth > 0 ? view.from(name) : undefined;
        return inner?.is("Mul") ? factorsOf(inner, depth - 1) : [{ name, number: view.number(name) }];
      })
    : [];
}

/** x + 0.044715·x³ */
function isCubic(view: View | undefined, x: string): boolean {
  const [a = "", b = ""] = view?.is("Add") ? view.node.inputs : [];
  const [cube, factor] = view?.from(a === x ? b : a)?.scaled() ?? [];
  if ((a !== x && b !== x) || !near(factor, 0.044715) || cube === undefined) return false;
  const from = view!.from(cube)!;
  const [base, exponent] = from.is("Pow") ? [from.node.inputs[0], from.number(from.node.inputs[1])] : [];
  if (base === x && exponent === 3) return true;
  const names = factorsOf(from).map(({ name }) => name);
  return names.length === 3 && names.every((name) => name === x);
}

const FUSIONS: readonly { readonly since?: number; readonly match: (view: View) => Fused | undefined }[] = [
  { match: relu },
  { match: leakyRelu },
  { match: hardSigmoid },
  { since: 14, match: hardSwish },
  { since: 20, match: gelu },
];
