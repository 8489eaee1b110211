import { float32, GraphBuilder } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { poolFirst } from "./pool-first.ts";

/** relu → pool → output, with whatever else reads what lies between them. */
function network(between: (g: GraphBuilder, relu: string) => void = () => {}) {
  const g = new GraphBuilder("network");
  const relu = g.op("Relu", [g.initializer("x", float32([1, 1, 4, 4], new Float32Array(16)))]);
  between(g, relu);
  g.output(g.op("MaxPool", [relu], { kernel_shape: [2, 2], strides: [2, 2] }), "y");
  return g.build();
}

const ops = (graph: ReturnType<typeof network>) => graph.nodes.map(({ op, inputs, outputs }) => [op, inputs, outputs]);

it("a Relu that a MaxPool alone reads comes after it", () => {
  const { nodes } = network();
  expect(nodes.map(({ op }) => op)).toEqual(["Relu", "MaxPool", "Identity"]);
  const between = nodes[0]!.outputs;
  const pooled = nodes[1]!.outputs;
  expect(ops(poolFirst(network())).slice(0, 2)).toEqual([
    ["MaxPool", ["x"], between],
    ["Relu", between, pooled],
  ]);
});

it("one that anything else reads stays before it", () => {
  for (const graph of [
    network((g, relu) => g.output(relu, "features")),
    network((g, relu) => g.output(g.op("Neg", [relu]), "negative")),
  ])
    expect(ops(poolFirst(graph))).toEqual(ops(graph));
});
