import { encodeModel, modelOf } from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import fixture from "../../fixtures/losses.json" with { type: "json" };
import { Emitter } from "../emitter.ts";
import { ort } from "../testing.ts";
import { binaryCrossEntropyWithLogits, huber, l1, meanSquaredError } from "./elementwise.ts";
import type { Loss } from "./loss.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

const losses: Record<string, (options: object) => Loss> = {
  binaryCrossEntropyWithLogits,
  huber,
  l1,
  meanSquaredError,
  softmaxCrossEntropy,
};

describe("losses have PyTorch's value and gradient", () => {
  it.each(fixture.cases.map((one) => [`${one.name} ${JSON.stringify(one.options)}`, one] as const))(
    "%s",
    async (_, one) => {
      const loss = losses[one.name]!(one.options);
      const { dtype, shape } = loss.labels(one.shape);
      const g = new Emitter("loss");
      const prediction = g.input("prediction", "float32", one.shape);
      const { value, gradient } = loss.emit(g, prediction, g.input("labels", dtype, shape));
      g.output(value, "loss");
      g.output(gradient, "gradient");
      const session = await ort.InferenceSession.create(encodeModel(modelOf(g.build())));
      const labels =
        dtype === "int64"
          ? new ort.Tensor("int64", BigInt64Array.from(one.labels, BigInt), shape)
          : new ort.Tensor("float32", Float32Array.from(one.labels), shape);
      const results = await session.run({
        prediction: new ort.Tensor("float32", Float32Array.from(one.prediction), one.shape),
        labels,
      });
      expect(results.loss!.dims).toEqual([]);
      // Both are float32 sums of at most 20 terms.
      expect(results.loss!.data as Float32Array).toBeAllClose([one.loss], { rtol: 2e-6 });
      expect(results.gradient!.data as Float32Array).toBeAllClose(one.gradient, { rtol: 1e-5, atol: 1e-7 });
      await session.release();
    },
  );

  it("refuse options and predictions that make no sense", () => {
    expect(() => softmaxCrossEntropy({ labelSmoothing: 1 })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(() => softmaxCrossEntropy({ classWeights: [1, 2] }).labels([3, 4])).toThrow(
      expect.objectContaining({ code: "BAD_OPTION" }),
    );
    expect(() => softmaxCrossEntropy().labels([3, 4, 5])).toThrow(
      expect.objectContaining({ code: "PREDICTION_SHAPE" }),
    );
    expect(() => huber({ delta: 0 })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
