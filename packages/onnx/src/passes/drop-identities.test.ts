import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphs } from "../../test/arbitrary-graph.ts";
import { checkModel, dropIdentities, GraphBuilder, modelOf } from "../index.ts";

describe("dropIdentities", () => {
  it("keeps a sound graph sound, with its inputs and outputs", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { inputs, outputs, nodes } = dropIdentities(graph);
        checkModel(modelOf({ ...graph, nodes }));
        expect([inputs, outputs]).toEqual([graph.inputs, graph.outputs]);
      }),
    );
  });

  it("gives an output's name to what computes it, and to its other readers", () => {
    const g = new GraphBuilder("g");
    const sum = g.op("Neg", [g.input("x", "float32", [3])]);
    g.output(g.op("Abs", [g.op("Identity", [sum])]), "z");
    g.output(sum, "y");
    expect(dropIdentities(g.build()).nodes.map(({ op, inputs, outputs }) => [op, inputs, outputs])).toEqual([
      ["Neg", ["x"], ["y"]],
      ["Abs", ["y"], ["z"]],
    ]);
  });

  it("keeps one that gives an input, a constant or another output a second name", () => {
    const g = new GraphBuilder("g");
    const x = g.input("x", "float32", [3]);
    const y = g.op("Neg", [x]);
    g.output(x, "same");
    g.output(g.floats(1), "one");
    g.output(y, "first");
    g.output(y, "second");
    expect(dropIdentities(g.build()).nodes.map(({ op }) => op)).toEqual(["Neg", "Identity", "Identity", "Identity"]);
  });
});
