import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphs } from "../../test/arbitrary-graph.ts";
import { checkModel, type Graph, GraphError, modelOf, type Node, topologicalSort } from "../index.ts";

const node = (name: string, inputs: string[], outputs = [name]): Node => ({
  op: "Sum",
  domain: "",
  name,
  inputs,
  outputs,
  attributes: {},
});

const graphOf = (nodes: Node[]): Graph => ({
  name: "g",
  inputs: [{ name: "x", dtype: "float32", shape: [1] }],
  outputs: [],
  initializers: new Map(),
  nodes,
  values: new Map(),
});

const namesOf = ({ nodes }: Graph) => nodes.map(({ name }) => name);

/** A graph, and an order of its nodes. */
const shuffled = graphs.chain((graph) =>
  fc
    .shuffledSubarray([...graph.nodes], { minLength: graph.nodes.length })
    .map((nodes) => ({ graph, mixed: { ...graph, nodes } })),
);

describe("topologicalSort", () => {
  it("puts the nodes of any order in a sound one, with subgraphs and all, and loses none", () => {
    fc.assert(
      fc.property(shuffled, ({ graph, mixed }) => {
        const sorted = topologicalSort(mixed);
        checkModel(modelOf(sorted));
        expect(new Set(sorted.nodes)).toEqual(new Set(graph.nodes));
        expect(sorted.nodes).toHaveLength(graph.nodes.length);
      }),
    );
  });

  it("leaves a graph in order as it is", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        expect(topologicalSort(graph)).toEqual(graph);
      }),
    );
  });

  it("moves nodes only as far ahead as another needs them", () => {
    const graph = graphOf([node("late", ["a", "b"]), node("c", ["x"]), node("b", ["x"]), node("a", ["b"])]);
    expect(namesOf(topologicalSort(graph))).toEqual(["b", "a", "late", "c"]);
  });

  it("names the nodes of a circle, and no others", () => {
    const graph = graphOf([node("before", ["x"]), node("a", ["before", "c"]), node("b", ["a"]), node("c", ["b"])]);
    const sort = () => topologicalSort(graph);
    expect(sort).toThrow(GraphError);
    expect(sort).toThrow('Sum "c", which feeds Sum "a"');
    expect(sort).not.toThrow("before");
    expect(() => topologicalSort(graphOf([node("own", ["own"])]))).toThrow('Sum "own", which feeds Sum "own"');
  });

  it("sorts a chain longer than the call stack, in linear time", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => node(`v${i}`, [i === 0 ? "x" : `v${i - 1}`]));
    expect(topologicalSort(graphOf(chain.toReversed())).nodes).toEqual(chain);
  });
});
