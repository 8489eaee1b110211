import * as ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { decodeModel, encodeModel, float32, GraphBuilder, modelOf, printModel } from "./index.ts";

it("builds a graph that onnxruntime runs", async () => {
  const g = new GraphBuilder("tiny");
  const x = g.input("x", "float32", ["batch", 1, 4, 4]);
  const w = g.initializer("w", float32([2, 1, 3, 3], new Float32Array(18).fill(1)));
  const conv = g.op("Conv", [x, w], { pads: [1, 1, 1, 1], strides: [2, 2] }, { name: "conv" });
  const flat = g.op("Flatten", [g.op("Relu", [conv])], { axis: 1 });
  g.output(flat, "y");
  const model = modelOf(g.build());
  expect(model.graph.outputs[0]!.shape).toEqual(["batch", 8]);
  const bytes = encodeModel(model);
  expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  const session = await ort.InferenceSession.create(bytes);
  const { y } = await session.run({ x: new ort.Tensor("float32", new Float32Array(16).fill(1), [1, 1, 4, 4]) });
  expect(y!.data).toBeAllClose([4, 6, 6, 9, 4, 6, 6, 9]);
  expect(printModel(model)).toContain("conv:out = Conv(x, w)");
});
