import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphs } from "../../test/arbitrary-graph.ts";
import { checkModel, float32, type Graph, GraphBuilder, modelOf, removeDeadNodes, tensor } from "../index.ts";

describe("removeDeadNodes", () => {
  it("keeps a sound graph sound, in order, and is done after once", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const alive = removeDeadNodes(graph);
        checkModel(modelOf(alive));
        expect(graph.nodes.filter((node) => alive.nodes.includes(node))).toEqual(alive.nodes);
        expect(removeDeadNodes(alive)).toEqual(alive);
      }),
    );
  });

  it("removes what no output depends on, with its initializers and types", () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", [3]);
    const y = g.op("Add", [x, g.initializer("kept", float32([1], [1]))]);
    const dead = g.op("Mul", [y, g.initializer("gone", float32([1], [2]))]);
    g.op("Neg", [dead]);
    g.output(y);
    const graph: Graph = { ...g.build(), values: new Map([[dead, g.type(dead)]]) };
    const alive = removeDeadNodes(graph);
    expect(alive.nodes.map(({ op }) => op)).toEqual(["Add"]);
    expect([...alive.initializers.keys()]).toEqual(["kept"]);
    expect(alive.values.size).toBe(0);
  });

  it("keeps what only a subgraph reads", () => {
    const g = new GraphBuilder("g");
    const inner = g.op("Neg", [g.input("x", "float32", [3])]);
    const branch: Graph = {
      name: "branch",
      inputs: [],
      outputs: [{ name: "b", dtype: "float32" }],
      initializers: new Map(),
      nodes: [{ op: "Relu", domain: "", name: "", inputs: [inner], outputs: ["b"], attributes: {} }],
      values: new Map(),
    };
    const yes = g.initializer("yes", tensor("bool", [], Uint8Array.of(1)));
    const choice = g.op("If", [yes], { then_branch: branch, else_branch: branch });
    g.output(choice, choice, { dtype: "float32" });
    expect(removeDeadNodes(g.build()).nodes.map(({ op }) => op)).toEqual(["Neg", "If"]);
  });

  it("does not take omitted inputs and outputs for one value", () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", [3]);
    g.ops("TopK", [x, g.ints([1])], {}, { outputs: ["", "indices"] });
    g.output(g.op("Clip", [x, "", g.floats(6)]));
    expect(removeDeadNodes(g.build()).nodes.map(({ op }) => op)).toEqual(["Clip"]);
  });

  it("keeps an unused input and its default: without, callers would have to give it", () => {
    const g = new GraphBuilder("g");
    g.output(g.op("Neg", [g.input("x", "float32", [3])]));
    const unused = { name: "z", dtype: "float32", shape: [1] } as const;
    const built = g.build();
    const graph: Graph = {
      ...built,
      inputs: [...built.inputs, unused],
      initializers: new Map([["z", float32([1], [0])]]),
    };
    expect(removeDeadNodes(graph)).toEqual(graph);
  });
});
