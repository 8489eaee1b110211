import { checkModel } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import { NotAModelError, TfjsError, WeightError } from "../errors.ts";
import { weightsFromBytes } from "../weights.ts";
import { graphFromGraphModel } from "./convert-graph.ts";
import { OpError, UnsupportedOpsError } from "./errors.ts";
import { convert, expectConverts, opsOf, runOnnx, TestGraph } from "./testing.ts";

/** Relu of one input, with whatever a test changes of its JSON. */
function small(change: (json: Json) => void = () => {}, op = "Relu", shape: readonly number[] = [2, 3]) {
  const graph = new TestGraph();
  const x = graph.input(shape, { name: "x", open: [0] });
  const json = JSON.parse(JSON.stringify(graph.json([graph.op(op, [x], {}, "y")]))) as Json;
  change(json);
  return () => graphFromGraphModel(json, new Map()).model;
}

interface Json {
  modelTopology: { node: { name: string; op: string; input: string[]; attr: Record<string, unknown> }[] };
  signature?: unknown;
  userDefinedMetadata?: unknown;
  [key: string]: unknown;
}

const namesOf = ({
  graph,
}: {
  graph: { inputs: readonly { name: string }[]; outputs: readonly { name: string }[] };
}) => [graph.inputs.map(({ name }) => name), graph.outputs.map(({ name }) => name)];

/** What an action throws. */
function thrown(action: () => unknown): TfjsError {
  try {
    action();
  } catch (error) {
    if (error instanceof TfjsError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}

describe("inputs and outputs", () => {
  it("are named as in the signature, without TensorFlow's :0", () => {
    const model = small((json) => {
      json.signature = undefined;
      json.userDefinedMetadata = {
        signature: { inputs: { "image:0": { name: "x:0" } }, outputs: { "Identity:0": { name: "y:0" } } },
      };
    })();
    expect(namesOf(model)).toEqual([["image"], ["Identity"]]);
  });

  it("are the placeholders and the leaves where there is no signature", () => {
    const model = small((json) => {
      json.signature = undefined;
    })();
    expect(namesOf(model)).toEqual([["x"], ["y"]]);
    expect(model.graph.inputs[0]!.shape).toEqual(["batch", 3]);
  });

  it("are those of the signature that is asked for, where there are several", () => {
    const several = (signature?: string) => {
      const graph = new TestGraph();
      const x = graph.input([2], { name: "x" });
      const [a, b] = [graph.op("Relu", [x], {}, "a"), graph.op("Neg", [x], {}, "b")];
      const inputs = { x: { name: "x:0" } };
      const signatures = {
        first: { inputs, outputs: { one: { name: a } } },
        serving_default: { inputs, outputs: { two: { name: b } } },
      };
      const json = { ...graph.json([a]), signature: undefined, signatures };
      return graphFromGraphModel(json, new Map(), signature === undefined ? {} : { signature }).model;
    };
    expect(opsOf(several("first"))).toEqual(["Relu"]);
    expect(namesOf(several())).toEqual([["x"], ["two"]]);
    expect(thrown(() => several("other")).message).toMatch(/"other"[\s\S]*first, serving_default/);
  });

  it("of TensorFlow's other types are TF.js's", () => {
    const model = small((json) => {
      json.signature = { inputs: { x: { name: "x:0", dtype: "DT_INT64" } }, outputs: { y: { name: "y:0" } } };
    })();
    expect(model.graph.inputs[0]!.dtype).toBe("int32");
  });

  it("can be held in NCHW, and be bytes", async () => {
    const graph = new TestGraph();
    const x = graph.input([1, 2, 3, 2], { open: [0, 1, 2], name: "x" });
    const pooled = graph.op("MaxPool", [x], { ksize: [1, 2, 2, 1], strides: [1, 1, 1, 1], padding: "VALID" });
    const outputs = [graph.op("Mean", [pooled, graph.ints([1, 2])], { keep_dims: false })];
    const nchw = convert(graph, outputs, { inputLayout: "nchw" });
    expect(nchw.graph.inputs[0]!.shape).toEqual(["batch", 2, "height", "width"]);
    expect(opsOf(nchw)).toEqual(["MaxPool", "ReduceMean"]);
    const bytes = convert(graph, outputs, { uint8Input: { scale: 1 / 255, offset: 0 } });
    expect(bytes.graph.inputs).toEqual([{ name: "pixels", dtype: "uint8", shape: ["batch", "height", "width", 2] }]);
  });

  it("do not lose their names to nodes", () => {
    const graph = new TestGraph();
    const x = graph.input([3], { name: "x" });
    const y = graph.op("Exp", [graph.op("Neg", [x], {}, "out0")], {}, "out1");
    const model = convert(graph, [y, "out0"]);
    expect(namesOf(model)).toEqual([["x"], ["out0", "out1"]]);
    expect(model.graph.nodes.find(({ op }) => op === "Exp")!.outputs).toEqual(["out0"]);
  });

  it("keep their shapes where control flow was put in order", () => {
    const graph = new TestGraph();
    const predicate = graph.input([], { dtype: "bool", name: "p" });
    const gate = graph.op("Switch", [graph.input([2, 3], { name: "x", open: [0] }), predicate]);
    const json = graph.json([graph.op("Merge", [graph.op("Neg", [gate]), graph.op("Abs", [`${gate}:1`])], { N: 2 })]);
    const { model } = graphFromGraphModel({ ...json, signature: { outputs: {} } }, new Map());
    expect(model.graph.inputs).toEqual([
      { name: "p", dtype: "bool", shape: [] },
      { name: "x", dtype: "float32", shape: ["batch", 3] },
    ]);
  });

  it("are all placeholders that are needed, though the signature may leave some out", () => {
    const graph = new TestGraph();
    const [x, y] = [graph.input([2], { name: "x" }), graph.input([2], { name: "y" })];
    graph.input([2], { name: "unused" });
    const json = graph.json([graph.op("Add", [x, y])]) as { signature: { inputs: Record<string, unknown> } };
    delete json.signature.inputs.y;
    delete json.signature.inputs.unused;
    const { model } = graphFromGraphModel(json, new Map());
    expect(namesOf(model)).toEqual([["x", "y"], ["out0"]]);
  });

  it("of one name are told apart by a number", () => {
    const model = small((json) => {
      json.signature = { inputs: { t: { name: "x:0" } }, outputs: { t: { name: "y:0" } } };
    })();
    expect(namesOf(model)).toEqual([["t"], ["t_1"]]);
  });
});

describe("a classifier", () => {
  const classify = (end: string) => {
    const graph = new TestGraph();
    const x = graph.input([2, 3], { name: "pixels", open: [0] });
    const dense = graph.op("MatMul", [x, graph.const([3, 4])], { transpose_a: false, transpose_b: false }, "logits");
    return { graph, outputs: [graph.op(end, [dense], {}, "y")] };
  };

  it("outputs logits, probabilities and confidence", async () => {
    for (const end of ["Softmax", "Identity"]) {
      const { graph, outputs } = classify(end);
      const model = convert(graph, outputs, { classifier: { temperature: 2 } });
      expect(namesOf(model)).toEqual([["pixels"], ["logits", "probabilities", "confidence"]]);
      expect(opsOf(model)).toEqual(["Gemm", "Div", "Softmax", "ReduceMax"]);
      const [logits, probabilities, confidence] = await runOnnx(model, graph.feeds);
      const powers = logits!.data.slice(0, 4).map((value) => Math.exp(value / 2));
      const sum = powers.reduce((total, power) => total + power, 0);
      expect(Float64Array.from(probabilities!.data.slice(0, 4))).toBeAllClose(
        Float64Array.from(powers, (power) => power / sum),
        { rtol: 1e-5, atol: 1e-6 },
      );
      expect(confidence!.data[0]).toBe(Math.max(...probabilities!.data.slice(0, 4)));
    }
  });

  it("does not end in a sigmoid", () => {
    const { graph, outputs } = classify("Sigmoid");
    expect(thrown(() => convert(graph, outputs, { classifier: true })).message).toMatch(/ends in a sigmoid/);
  });
});

describe("attributes", () => {
  it("are text in base64, as character codes, or as it is", () => {
    const graph = new TestGraph();
    const x = graph.input([1, 5, 5, 1]);
    const node = graph.op("MaxPool", [x], { ksize: [1, 2, 2, 1], strides: [1, 2, 2, 1], padding: "SAME" });
    const shapeWith = (padding: object) => {
      const json = JSON.parse(JSON.stringify(graph.json([node]))) as Json;
      json.modelTopology.node[1]!.attr.padding = padding;
      return graphFromGraphModel(json, new Map()).model.graph.outputs[0]!.shape;
    };
    expect(shapeWith({ s: btoa("SAME") })).toEqual([1, 3, 3, 1]);
    expect(shapeWith({ s: [...Buffer.from("SAME")] })).toEqual([1, 3, 3, 1]);
    expect(shapeWith({ s: "VALID" })).toEqual([1, 2, 2, 1]);
  });
});

describe("edges", () => {
  it("of control order nothing here", () => {
    expect(opsOf(small((json) => json.modelTopology.node[1]!.input.push("^x"))())).toEqual(["Relu"]);
  });

  it("name the output that they read", async () => {
    await expectConverts((g) => g.op("Neg", [`${g.op("Split", [g.int(0), g.input([4, 2])], { num_split: 2 })}:1`]));
  });

  it("of resources lead to the variables' values", async () => {
    const graph = new TestGraph();
    const variable = graph.const([3], [1, 2, 3]);
    const handle = graph.op("VarHandleOp", [], { shared_name: variable, dtype: "DT_FLOAT" });
    const sum = graph.op("AddV2", [graph.input([3], { data: [1, 1, 1] }), graph.op("ReadVariableOp", [handle])]);
    const model = convert(graph, [sum]);
    checkModel(model);
    expect((await runOnnx(model, graph.feeds))[0]!.data).toEqual([2, 3, 4]);
  });
});

describe("what cannot be converted is told", () => {
  it("all ops at once, with their nodes and why", () => {
    const graph = new TestGraph();
    const x = graph.input([4]);
    const a = graph.op("Frobnicate", [x], {}, "a");
    const b = graph.op("Frobnicate", [a], {}, "b");
    const c = graph.op("FancyNorm", [b], {}, "c");
    const d = graph.op("StringSplit", [c], {}, "d");
    const error = thrown(() => convert(graph, [d])) as UnsupportedOpsError;
    expect(error).toBeInstanceOf(UnsupportedOpsError);
    expect(error.code).toBe("TFJS_UNSUPPORTED_OP");
    expect(error.nodes.map(({ op }) => op).toSorted()).toEqual([
      "FancyNorm",
      "Frobnicate",
      "Frobnicate",
      "StringSplit",
    ]);
    expect(error.message).toMatch(/Frobnicate: "a", "b"[\s\S]*StringSplit: "d" \(ONNX has no strings/);
    expect(error.message).toMatch(/plug-in/);
  });

  it("ops that no output needs are no matter", () => {
    const graph = new TestGraph();
    const x = graph.input([4]);
    graph.op("Frobnicate", [x]);
    expect(opsOf(convert(graph, [graph.op("Relu", [x])]))).toEqual(["Relu"]);
  });

  it("a weight that is not there", () => {
    const graph = new TestGraph();
    const sum = graph.op("Add", [graph.input([3]), graph.const([3])]);
    const error = thrown(() => graphFromGraphModel(graph.json([sum]), new Map()));
    expect(error).toBeInstanceOf(WeightError);
    expect((error as WeightError).weight).toBe("const0");
  });

  it.each<[string, (json: Json) => void, RegExp]>([
    ["a circle", (json) => (json.modelTopology.node[1]!.input[0] = "y"), /depends on its own result/],
    ["a node that is not there", (json) => (json.modelTopology.node[1]!.input[0] = "z"), /Relu "y": It reads "z"/],
    ["an output that is not there", (json) => (json.modelTopology.node[1]!.input[0] = "x:3"), /output 3 of "x"/],
    ["two nodes of one name", (json) => (json.modelTopology.node[1]!.name = "x"), /Another node has this name/],
    ["no inputs", (json) => (json.modelTopology.node[1]!.input = []), /input 0 is missing/],
  ])("%s", (_, change, message) => {
    const error = thrown(small(change));
    expect(error).toBeInstanceOf(OpError);
    expect(error.message).toMatch(message);
  });

  it("what is no GraphModel", () => {
    for (const json of [null, 7, [], {}, { modelTopology: {} }, { modelTopology: { node: [7] } }])
      expect(thrown(() => graphFromGraphModel(json, new Map()))).toBeInstanceOf(NotAModelError);
  });

  it("shapes that do not fit, with the node", () => {
    const graph = new TestGraph();
    const node = graph.op("MatMul", [graph.input([2, 3]), graph.const([4, 5])], {}, "dense");
    const error = thrown(() => convert(graph, [node])) as OpError;
    expect(error.node).toBe('MatMul "dense"');
  });
});

it("a further op is lowered by the rule that is handed in", async () => {
  const graph = new TestGraph();
  const node = graph.op("Frobnicate", [graph.input([3], { data: [1, -2, 3] })]);
  const ops = { Frobnicate: { becomes: "Abs", lower: (call: never) => frobnicate(call) } };
  const model = convert(graph, [node], { ops });
  expect((await runOnnx(model, graph.feeds))[0]!.data).toEqual([1, 2, 3]);
});

const frobnicate = (call: import("./op-rule.ts").OpCall) => call.map(call.input(), "Abs");

it("weights keep the way back to what they were", () => {
  const graph = new TestGraph();
  const x = graph.input([1, 4, 4, 2]);
  const conv = graph.op("Conv2D", [x, graph.const([3, 3, 2, 5])], {
    strides: [1, 1, 1, 1],
    dilations: [1, 1, 1, 1],
    padding: "SAME",
  });
  const { specs, data } = graph.weights();
  const { origins, model } = graphFromGraphModel(graph.json([conv]), weightsFromBytes(specs, data));
  expect(origins).toEqual([
    {
      initializer: expect.any(String),
      weight: "const0",
      trainable: false,
      shape: [3, 3, 2, 5],
      steps: [{ kind: "transpose", perm: [3, 2, 0, 1] }],
    },
  ]);
  expect(model.graph.initializers.get(origins[0]!.initializer)!.shape).toEqual([5, 2, 3, 3]);
  expect(model.metadata).toMatchObject({ source_format: "tfjs-graph-model", source_writer: "test" });
});
