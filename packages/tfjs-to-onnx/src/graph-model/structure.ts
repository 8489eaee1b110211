import { OpAttributes } from "./attributes.ts";
import { OpError } from "./errors.ts";
import type { Edge, GraphDef, OpNode, Port } from "./graph-def.ts";

/**
 * TensorFlow 1's control flow, a graph with cycles and dead branches, as While and If nodes that call functions.
 *
 * A loop is a frame: Enter → Merge → Switch → body → NextIteration → Merge, with LoopCond at every Switch, and Exit
 * where it ends. A condition is a Merge of what comes from both outputs of Switches that ask one predicate.
 *
 * The functions that are cut out are put among `functions`.
 * @throws OpError where Merge, Switch and their like do not make such a structure.
 */
export function structure(graph: GraphDef, functions: Map<string, GraphDef>): GraphDef {
  if (![...graph.nodes.values()].some(({ op }) => op === "Merge" || op === "Exit")) return graph;
  return new Structuring(graph, functions).run();
}

interface Loop {
  /** The While node that takes the frame's place. */
  readonly name: string;
  /** The place of each Switch among the loop's variables. */
  readonly places: ReadonlyMap<string, number>;
}

class Structuring {
  readonly #graph: GraphDef;
  readonly #functions: Map<string, GraphDef>;
  readonly #given: ReadonlySet<string>;
  readonly #readers = new Map<string, OpNode[]>();
  readonly #loops = new Map<string, Loop>();
  /** The nodes that stand for loops. */
  readonly #made = new Map<string, OpNode>();
  readonly #nodes = new Map<string, OpNode>();

  constructor(graph: GraphDef, functions: Map<string, GraphDef>) {
    this.#graph = graph;
    this.#functions = functions;
    this.#given = new Set(graph.inputs.map(({ from }) => from.node));
    for (const node of graph.nodes.values())
      for (const { node: name } of node.inputs) {
        const readers = this.#readers.get(name);
        if (readers) readers.push(node);
        else this.#readers.set(name, [node]);
      }
  }

  /** Walks from the outputs; what stands for a loop or a condition is replaced where it ends. */
  run(): GraphDef {
    const open = this.#graph.outputs.map(({ from }) => from.node);
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (this.#given.has(name) || this.#nodes.has(name)) continue;
      const node = this.#made.get(name) ?? this.#graph.nodes.get(name);
      if (!node) continue;
      const replaced = this.#replace(node);
      this.#nodes.set(name, replaced);
      open.push(...replaced.inputs.map((edge) => edge.node));
    }
    for (const name of this.#given) {
      const node = this.#graph.nodes.get(name);
      if (node) this.#nodes.set(name, node);
    }
    return { ...this.#graph, nodes: this.#nodes };
  }

  #replace(node: OpNode): OpNode {
    if (node.op === "Exit") return this.#exit(node);
    return node.op === "Merge" ? this.#condition(node) : node;
  }

  #node(name: string, reader: OpNode): OpNode {
    return this.#graph.nodes.get(name) ?? fail(reader, `It reads "${name}", which the graph does not have.`);
  }

  #exit(exit: OpNode): OpNode {
    const gate = this.#node(exit.inputs[0]?.node ?? "", exit);
    if (gate.op !== "Switch") fail(exit, `It leaves a loop from ${gate.op} "${gate.name}", expected a Switch.`);
    const merge = this.#node(gate.inputs[0]?.node ?? "", gate);
    const enter = merge.inputs.map(({ node }) => this.#graph.nodes.get(node)).find((other) => other?.op === "Enter");
    if (!enter) return fail(exit, "No Enter leads into its loop.");
    const frame = enter.attributes.name("frame_name") ?? "";
    const loop = this.#loops.get(frame) ?? this.#loop(frame, gate);
    const index = loop.places.get(gate.name) ?? fail(exit, "Its Switch is not one of its loop's.");
    return { ...exit, op: "Identity", inputs: [{ node: loop.name, index }] };
  }

  #loop(frame: string, gate: OpNode): Loop {
    const enters = [...this.#graph.nodes.values()].filter(
      ({ op, attributes }) => op === "Enter" && attributes.name("frame_name") === frame,
    );
    const until = this.#node(gate.inputs[1]?.node ?? "", gate);
    if (until.op !== "LoopCond") fail(gate, `It asks ${until.op} "${until.name}" whether to go on, expected LoopCond.`);
    const variables = enters.flatMap((enter) => {
      const merge = this.#readers.get(enter.name)?.find(({ op }) => op === "Merge");
      return merge ? [{ enter, merge, gate: this.#readers.get(merge.name)?.find(({ op }) => op === "Switch") }] : [];
    });
    const invariant = enters.filter((enter) => !variables.some((variable) => variable.enter === enter));
    const kept: readonly Port[] = invariant.map(({ name }) => port(name, { node: name, index: 0 }));
    const next = (merge: OpNode): Edge => {
      const from = merge.inputs
        .map(({ node }) => this.#graph.nodes.get(node))
        .find((other) => other?.op === "NextIteration");
      return from?.inputs[0] ?? fail(merge, "No NextIteration leads back to it.");
    };
    const cond: GraphDef = {
      nodes: this.#graph.nodes,
      inputs: [...variables.map(({ merge }) => port(merge.name, { node: merge.name, index: 0 })), ...kept],
      outputs: [port(until.name, until.inputs[0] ?? fail(until, "It asks nothing."))],
    };
    const body: GraphDef = {
      nodes: this.#graph.nodes,
      inputs: [...variables.map(({ merge, gate }) => port(merge.name, { node: gate?.name ?? "", index: 1 })), ...kept],
      outputs: [...variables.map(({ merge }) => port(merge.name, next(merge))), ...kept],
    };
    const name = this.#fresh(`${frame}/while`);
    const inputs = [...variables.map(({ enter }) => enter), ...invariant].map(
      (enter) => enter.inputs[0] ?? fail(enter, "Nothing enters."),
    );
    this.#made.set(name, this.#calling("While", name, inputs, { cond, body }));
    const places = variables.flatMap(({ gate }, i) => (gate ? [[gate.name, i] as const] : []));
    const loop = { name, places: new Map(places) };
    this.#loops.set(frame, loop);
    return loop;
  }

  /** A node that calls functions cut out of the graph. */
  #calling(op: string, name: string, inputs: readonly Edge[], parts: Readonly<Record<string, GraphDef>>): OpNode {
    const entries = Object.entries(parts).map(([key, part]) => {
      const called = `${name}/${key}`;
      this.#functions.set(called, part);
      return [key, { func: { name: called } }];
    });
    return { name, op, inputs, attributes: new OpAttributes(`${op} "${name}"`, Object.fromEntries(entries)) };
  }

  #fresh(stem: string): string {
    let name = stem;
    for (let i = 1; this.#graph.nodes.has(name) || this.#made.has(name); i++) name = `${stem}_${i}`;
    return name;
  }

  #condition(merge: OpNode): OpNode {
    const sides = merge.inputs.map((edge) => this.#asked(edge));
    const [a, b] = sides;
    if (!a || !b || sides.length !== 2) return fail(merge, `It merges ${sides.length} values, expected two.`);
    const only = (side: Side, key: string): number | undefined => {
      const ports = side.ports.get(key);
      return ports?.size === 1 ? [...ports][0] : undefined;
    };
    const governs = (key: string): boolean => {
      const [left, right] = [only(a, key), only(b, key)];
      const [inLeft, inRight] = [a.ports.has(key), b.ports.has(key)];
      if (inLeft && inRight) return left !== undefined && right !== undefined && left !== right;
      return inLeft ? left !== undefined : right !== undefined;
    };
    const keys = [...new Set([...a.ports.keys(), ...b.ports.keys()])].filter(governs);
    const key = keys.find((other) => a.ports.has(other) && b.ports.has(other)) ?? keys[0];
    if (key === undefined) return fail(merge, "What it merges does not come from two sides of one condition.");
    const takesLeft = only(a, key) ?? 1 - only(b, key)!;
    const gates = [...new Map([...a.gates, ...b.gates].filter(([, gate]) => keyOf(gate) === key)).values()];
    const given = [...new Map([...a.given, ...b.given]).entries()];
    const branch = (index: number): GraphDef => ({
      nodes: this.#graph.nodes,
      inputs: [
        ...gates.map(({ name }) => port(name, { node: name, index })),
        ...given.map(([name, from]) => port(name, from)),
      ],
      outputs: [port(merge.name, merge.inputs[index === takesLeft ? 0 : 1]!)],
    });
    const read = (gate: OpNode, place: number): Edge =>
      gate.inputs[place] ?? fail(gate, `It reads ${gate.inputs.length} tensors, expected a value and a predicate.`);
    const inputs = [read(gates[0]!, 1), ...gates.map((gate) => read(gate, 0)), ...given.map(([, from]) => from)];
    return this.#calling("If", merge.name, inputs, { then_branch: branch(1), else_branch: branch(0) });
  }

  /** Which predicates the Switches before a value ask, and which of their outputs it comes from. */
  #asked(edge: Edge): Side {
    const side: Side = { ports: new Map(), gates: new Map(), given: new Map() };
    const seen = new Set<string>();
    const open = [edge];
    for (let next = open.pop(); next; next = open.pop()) {
      const { node: name, index } = next;
      const node = this.#graph.nodes.get(name);
      if (this.#given.has(name) || node?.op.startsWith("Placeholder")) side.given.set(`${name}:${index}`, next);
      else if (node && !seen.has(`${name}:${node.op === "Switch" ? index : 0}`)) {
        seen.add(`${name}:${node.op === "Switch" ? index : 0}`);
        if (node.op === "Switch") {
          const key = keyOf(node);
          side.gates.set(name, node);
          side.ports.set(key, (side.ports.get(key) ?? new Set()).add(index));
        }
        open.push(...node.inputs);
      }
    }
    return side;
  }
}

interface Side {
  readonly ports: Map<string, Set<number>>;
  readonly gates: Map<string, OpNode>;
  /** What is read of the inputs of the graph around it. */
  readonly given: Map<string, Edge>;
}

const port = (name: string, from: Edge): Port => ({ name, from });

/** A predicate's name. */
const keyOf = ({ inputs }: OpNode): string => `${inputs[1]?.node}:${inputs[1]?.index}`;

function fail({ op, name }: OpNode, message: string): never {
  throw new OpError(`${op} "${name}"`, message);
}
