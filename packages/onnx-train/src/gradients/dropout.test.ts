import { encodeModel, float32, GraphBuilder, modelOf, tensor } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { l1 } from "../losses/elementwise.ts";
import { sgd } from "../optimisers/sgd.ts";
import { ort } from "../testing.ts";
import { buildTrainStep } from "../train-step.ts";

it.each([false, true])("multiplies by a mask that is an input, behind a convolution or not", async (rows) => {
  const g = new GraphBuilder("dropped");
  const x = g.initializer("x", float32([1, 2, 3], [1, 2, 3, 4, 5, 6]));
  const identity = () => g.op("Conv", [x, g.initializer("identity", float32([2, 2, 1], [1, 0, 0, 1]))]);
  const training = g.initializer("training", tensor("bool", [], Uint8Array.of(1)));
  const inputs = [rows ? identity() : x, g.floats(0.5), training];
  const [dropped, kept] = g.ops("Dropout", inputs, {}, { name: "drop" }, 2);
  g.output(g.op("Where", [kept!, dropped!, g.floats(-1)]), "y");
  const step = buildTrainStep(modelOf(g.build()), {
    loss: l1(),
    optimiser: sgd(),
    trainable: (name) => name === "x",
    gradients: true,
  });
  const noise = step.inputs.find(({ role }) => role === "noise")!;
  expect(noise).toMatchObject({ name: "drop/mask", shape: [1, 2, 3], draw: { kind: "mask", ratio: 0.5 } });

  const session = await ort.InferenceSession.create(encodeModel(step.model));
  const float = (values: readonly number[], dims: readonly number[]) =>
    new ort.Tensor("float32", Float32Array.from(values), dims);
  const results = await session.run({
    x: float([1, 2, 3, 4, 5, 6], [1, 2, 3]),
    labels: float([0, 0, 0, 0, 0, 0], [1, 2, 3]),
    learningRate: float([0], []),
    [noise.name]: float([2, 0, 2, 0, 0, 2], [1, 2, 3]),
  });
  expect([...(results.prediction!.data as Float32Array)]).toEqual([2, -1, 6, -1, -1, 12]);
  // The mean of |y|: a sixth of the mask, and nothing where −1 stands instead.
  expect(results["x:gradient"]!.data as Float32Array).toBeAllClose([2 / 6, 0, 2 / 6, 0, 0, 2 / 6], {
    rtol: 1e-6,
    atol: 0,
  });
  await session.release();
});
