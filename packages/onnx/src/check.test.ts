import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphs } from "../test/arbitrary-graph.ts";
import { runGraph } from "../test/onnxruntime.ts";
import {
  checkModel,
  decodeModel,
  encodeModel,
  float32,
  type Graph,
  GraphError,
  type Model,
  modelOf,
  type Node,
  type Tensor,
  tensor,
} from "./index.ts";

const node = (op: string, inputs: string[], outputs: string[], fields: Partial<Node> = {}): Node => ({
  op,
  domain: "",
  name: "",
  inputs,
  outputs,
  attributes: {},
  ...fields,
});

/** y = relu(x) + w, with `fields` in place of its own. */
const graphOf = (fields: Partial<Graph> = {}): Graph => ({
  name: "g",
  inputs: [{ name: "x", dtype: "float32", shape: [2] }],
  outputs: [{ name: "y", dtype: "float32", shape: [2] }],
  initializers: new Map<string, Tensor>([["w", float32([2], [1, 2])]]),
  nodes: [node("Relu", ["x"], ["r"]), node("Add", ["r", "w"], ["y"])],
  values: new Map(),
  ...fields,
});

const feeds = new Map([["x", float32([2], [1, -1])]]);

/** An If that takes its result from one branch, of which both are the same. */
function choosing(branch: Partial<Graph>): Graph {
  const then_branch = graphOf({
    inputs: [],
    outputs: [{ name: "b", dtype: "float32" }],
    initializers: new Map(),
    ...branch,
  });
  const else_branch = {
    ...then_branch,
    nodes: [node("Neg", ["r"], ["e"])],
    outputs: [{ name: "e", dtype: "float32" as const }],
  };
  return graphOf({
    initializers: new Map<string, Tensor>([["yes", tensor("bool", [], Uint8Array.of(1))]]),
    nodes: [
      node("Relu", ["x"], ["r"]),
      node("If", ["yes"], ["y"], { name: "choice", attributes: { then_branch, else_branch } }),
    ],
  });
}

function findingsIn(model: Model): readonly string[] {
  try {
    checkModel(model);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(GraphError);
    return (error as GraphError).findings.map(({ value, message }) => `${value} | ${message}`);
  }
}

describe("checkModel accepts, as onnxruntime does,", () => {
  it.each<[string, Graph]>([
    ["a plain graph", graphOf()],
    ["a branch that reads from around it", choosing({ nodes: [node("Abs", ["r"], ["b"])] })],
    ["an input that is an output", graphOf({ outputs: [{ name: "x", dtype: "float32", shape: [2] }] })],
    ["an initializer that is an output", graphOf({ outputs: [{ name: "w", dtype: "float32", shape: [2] }] })],
    ["an output of unknown extents", graphOf({ outputs: [{ name: "y", dtype: "float32", shape: ["n"] }] })],
    [
      "an input with a default",
      graphOf({
        inputs: ["x", "w"].map((name) => ({ name, dtype: "float32", shape: [2] })),
      }),
    ],
    [
      "omitted inputs and outputs",
      graphOf({ nodes: [node("Clip", ["x", "", ""], ["c"]), node("Dropout", ["c"], ["y", ""])] }),
    ],
  ])("%s", async (_, graph) => {
    expect(findingsIn(modelOf(graph))).toEqual([]);
    expect(await runGraph(graph, feeds)).toHaveLength(1);
  });
});

describe("checkModel finds, as onnxruntime does,", () => {
  const PLANTED: readonly [string, string, Graph, Partial<Model>?][] = [
    [
      "a value read that nothing produces",
      'z | Relu → y reads "z", which nothing produces.',
      graphOf({ nodes: [node("Relu", ["z"], ["y"])] }),
    ],
    [
      "a circle",
      'y | Add → r reads "y", which Relu → y only produces later; sort the nodes.',
      graphOf({ nodes: [node("Add", ["x", "y"], ["r"]), node("Relu", ["r"], ["y"])] }),
    ],
    [
      "a value written twice",
      'r | Neg → r output "r" has the name of another value.',
      graphOf({ nodes: [...graphOf().nodes, node("Neg", ["x"], ["r"])] }),
    ],
    [
      "a node that writes an input",
      'x | Neg → x output "x" has the name of another value.',
      graphOf({ nodes: [...graphOf().nodes, node("Neg", ["w"], ["x"])] }),
    ],
    [
      "an input twice",
      'x | input "x" has the name of another value.',
      graphOf({ inputs: [...graphOf().inputs, ...graphOf().inputs] }),
    ],
    [
      "a node's name twice",
      'y | Add "act" has the name of another node.',
      graphOf({
        nodes: [node("Relu", ["x"], ["r"], { name: "act" }), node("Add", ["r", "w"], ["y"], { name: "act" })],
      }),
    ],
    [
      "an output that nothing produces",
      'z | output "z" is produced by nothing.',
      graphOf({ outputs: [{ name: "z", dtype: "float32", shape: [2] }] }),
    ],
    [
      "an operator that does not exist",
      "y | Rely → y: ONNX has no such operator in operator set 17.",
      graphOf({ nodes: [node("Rely", ["x"], ["y"])] }),
    ],
    [
      "an operator of later operator sets",
      "y | Gelu → y: needs operator set 20, the model imports 17.",
      graphOf({ nodes: [node("Gelu", ["x"], ["y"])] }),
    ],
    [
      "an operator of former operator sets",
      "y | Upsample → y: was withdrawn in operator set 10; use Resize.",
      graphOf({ nodes: [node("Upsample", ["x", "w"], ["y"])] }),
    ],
    [
      "a domain that is not imported",
      'y | com.example.Magic → y: the model imports no operator set of domain "com.example".',
      graphOf({ nodes: [node("com.example.Magic", ["x"], ["y"], { domain: "com.example" })] }),
    ],
    [
      "inputs that do not fit",
      "r | Concat → r: inputs differ along axis 1: 2, 3; only axis 0 may.",
      graphOf({
        initializers: new Map<string, Tensor>([
          ["a", float32([1, 2], [1, 2])],
          ["b", float32([1, 3], [1, 2, 3])],
        ]),
        nodes: [node("Concat", ["a", "b"], ["r"], { attributes: { axis: 0 } }), node("Relu", ["x"], ["y"])],
      }),
    ],
    [
      "another type than declared",
      'y | output "y" is declared int64[2], and is float32[2].',
      graphOf({ outputs: [{ name: "y", dtype: "int64", shape: [2] }] }),
    ],
    [
      "data of another length",
      'w | initializer "w" of shape [2] needs 2 elements, and holds 3.',
      graphOf({ initializers: new Map([["w", { dtype: "float32", shape: [2], data: new Float32Array(3) }]]) }),
    ],
    [
      "a value that only a branch knows",
      'a | Relu → y reads "a", which nothing produces.',
      (() => {
        const graph = choosing({ nodes: [node("Abs", ["r"], ["a"]), node("Neg", ["a"], ["b"])] });
        return {
          ...graph,
          nodes: [
            ...graph.nodes.map((one) => (one.op === "If" ? { ...one, outputs: ["c"] } : one)),
            node("Relu", ["a"], ["y"]),
          ],
        };
      })(),
    ],
    [
      "a branch that puts out what is around it",
      'r | If "choice" then_branch: output "r" is a value from outside; pass it through Identity.',
      choosing({ nodes: [], outputs: [{ name: "r", dtype: "float32" }] }),
    ],
  ];

  it.each(PLANTED)("%s", async (_, expected, graph, fields) => {
    expect(findingsIn(modelOf(graph, fields))).toContain(expected);
    await expect(runGraph(graph, feeds)).rejects.toThrow();
  });

  // onnxruntime sorts these itself; the format asks for it, and other readers rely on it.
  it("nodes out of order, in branches too", () => {
    const swapped = graphOf({ nodes: graphOf().nodes.toReversed() });
    expect(findingsIn(modelOf(swapped))).toContain(
      'r | Add → y reads "r", which Relu → r only produces later; sort the nodes.',
    );
    const graph = choosing({ nodes: [node("Abs", ["late"], ["b"])] });
    expect(findingsIn(modelOf({ ...graph, nodes: [...graph.nodes, node("Neg", ["x"], ["late"])] }))).toContain(
      'late | If "choice" then_branch: Abs → b reads "late", which Neg → late only produces later; sort the nodes.',
    );
  });

  it("nothing of its own domain without an operator set for it", () => {
    expect(findingsIn(modelOf(graphOf(), { opsets: {} }))).toContain(
      'r | Relu → r: the model imports no operator set of domain "".',
    );
  });

  it("data of another type", () => {
    const wrong = { dtype: "int64", shape: [1], data: Float32Array.of(1) } as unknown as Tensor;
    expect(findingsIn(modelOf(graphOf({ initializers: new Map([["w", wrong]]) })))).toContain(
      'w | initializer "w" is int64, and its data is a Float32Array.',
    );
    const constant = node("Constant", [], ["c"], { attributes: { value: { ...wrong, shape: [-1] } } });
    expect(findingsIn(modelOf(graphOf({ nodes: [...graphOf().nodes, constant] })))).toEqual([
      'c | Constant → c: attribute "value" is int64, and its data is a Float32Array.',
      'c | Constant → c: attribute "value" has the shape [-1].',
    ]);
  });
});

describe("checkModel", () => {
  it("lists every finding, in one error with fields", () => {
    const graph = graphOf({ nodes: [node("Rely", ["z"], ["r"]), node("Add", ["r", "w"], ["w"])] });
    expect(() => checkModel(modelOf(graph))).toThrow(
      [
        'The graph "g" is not sound, 4 findings:',
        "  Rely → r: ONNX has no such operator in operator set 17.",
        '  Rely → r reads "z", which nothing produces.',
        '  Add → w output "w" has the name of another value.',
        '  output "y" is produced by nothing.',
      ].join("\n"),
    );
    expect(() => checkModel(modelOf(graph))).toThrow(expect.objectContaining({ code: "ONNX_GRAPH", value: "r" }));
  });

  it("leaves operators alone that are newer than its table", () => {
    const graph = graphOf({ nodes: [node("Wonder", ["x"], ["y"])] });
    expect(findingsIn(modelOf(graph, { opsets: { "": 99 } }))).toEqual([]);
  });

  it("finds any value, node or output that went missing, and says the same of a model read back", () => {
    fc.assert(
      fc.property(graphs, fc.nat(), (graph, choice) => {
        const gone = graph.nodes[choice % graph.nodes.length]!;
        const broken = modelOf({ ...graph, nodes: graph.nodes.filter((one) => one !== gone) });
        const findings = findingsIn(broken);
        const needed = broken.graph.nodes.some(({ inputs }) => inputs.includes(gone.outputs[0]!));
        const output = broken.graph.outputs.some(({ name }) => name === gone.outputs[0]);
        if (needed || output) expect(findings.join("\n")).toContain(`${gone.outputs[0]} | `);
        expect(findingsIn(decodeModel(encodeModel(broken)))).toEqual(findings);
      }),
    );
  });
});
