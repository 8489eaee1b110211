import fc from "fast-check";
import { type Graph, GraphBuilder, modelOf, tensor } from "../src/index.ts";

const UNARY = ["Relu", "Neg", "Tanh"];
const BINARY = ["Add", "Mul", "Max"];

/** An If whose branches read a value from around them. */
const branching = (captured: string): { readonly then_branch: Graph; readonly else_branch: Graph } => {
  const branch = (side: string, op: string): Graph => ({
    name: side,
    inputs: [],
    outputs: [{ name: `${captured}/${side}`, dtype: "float32", shape: ["n", 3] }],
    initializers: new Map(),
    nodes: [{ op, domain: "", name: "", inputs: [captured], outputs: [`${captured}/${side}`], attributes: {} }],
    values: new Map(),
  });
  return { then_branch: branch("then", "Abs"), else_branch: branch("else", "Neg") };
};

/** Sound graphs of operators on [n, 3], some with subgraphs, as the builder makes them. */
export const graphs: fc.Arbitrary<Graph> = fc
  .array(fc.record({ kind: fc.nat({ max: 6 }), a: fc.nat(), b: fc.nat() }), { minLength: 1, maxLength: 12 })
  .map((steps) => {
    const g = new GraphBuilder("random");
    const values = [g.input("x", "float32", ["n", 3])];
    const taken = new Set<string>();
    for (const { kind, a, b } of steps) {
      const [x, y] = [values[a % values.length]!, values[b % values.length]!];
      if (kind < 3) values.push(g.op(UNARY[kind]!, [x]));
      else if (kind < 6) values.push(g.op(BINARY[kind - 3]!, [x, y]));
      else if (!taken.has(x)) {
        taken.add(x);
        const condition = g.initializer(g.unique("condition"), tensor("bool", [], Uint8Array.of(b % 2)));
        const [chosen] = g.ops("If", [condition], branching(x));
        g.output(chosen!, chosen, { dtype: "float32", shape: ["n", 3] });
      }
    }
    const last = values.at(-1)!;
    g.output(last, "y");
    return g.build();
  });

export const models = graphs.map((graph) => modelOf(graph));
