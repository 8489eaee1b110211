import { checkModel } from "@glyphcast/onnx";
import { describe, expect, it, vi } from "vitest";
import type { Case } from "../test/zoo/case.ts";
import { FEATURES } from "../test/zoo/features.ts";
import { IMAGES, image } from "../test/zoo/images.ts";
import { NORMALISATIONS } from "../test/zoo/normalisation.ts";
import { RECURRENTS } from "../test/zoo/recurrent.ts";
import { VOLUMES } from "../test/zoo/volumes.ts";
import { activationNames } from "./activations.ts";
import { graphFromLayers } from "./convert.ts";
import { digitModel, expectConverts, opsOf, randomise, save, tfl } from "./testing.ts";

vi.spyOn(console, "warn").mockImplementation(() => {});

const l = tfl.layers;

const everyNth = (n: number, cases: readonly Case[]): readonly Case[] => cases.filter((_, i) => i % n === 0);

/** What differs between operator sets differs in every option of a layer, so of long rows a part will do. */
const SAMPLE = [
  ...everyNth(2, IMAGES),
  ...everyNth(7, VOLUMES),
  ...everyNth(3, NORMALISATIONS),
  ...everyNth(2, FEATURES),
  ...everyNth(11, RECURRENTS),
];

const allActivations = (): tfl.LayersModel => {
  const x = tfl.input({ shape: image });
  const names = activationNames.filter((name) => !["silu", "exponential"].includes(name));
  const outputs = names.map((given) => {
    const name = given === "hard_sigmoid" ? "hardSigmoid" : given === "log_softmax" ? "logSoftmax" : given;
    return l.conv2d({ filters: 3, kernelSize: 2, activation: name as "relu" }).apply(x) as tfl.SymbolicTensor;
  });
  return tfl.model({ inputs: x, outputs });
};

describe.each([13, 14, 15, 16, 17, 18, 19, 20, 21])("opset %i", (opset) => {
  it("has what the layers become, loads, and answers as TF.js", async () => {
    for (const { name, model: build, feeds } of [
      ...SAMPLE,
      { name: "activations", model: allActivations, feeds: undefined },
    ]) {
      const model = build();
      randomise(model);
      const onnx = await expectConverts(model, { opset }, feeds).catch((cause) => {
        throw new Error(name, { cause });
      });
      checkModel(onnx);
      expect(onnx.opsets).toEqual({ "": opset });
    }
  });
});

it("writes the IR version that came with the operator set", async () => {
  const { json, weights } = await save(digitModel());
  const versions = [13, 15, 18, 19, 20, 21].map((opset) => graphFromLayers(json, weights, { opset }).model.irVersion);
  expect(versions).toEqual([7, 8, 8, 9, 9, 10]);
});

it("uses operators of newer sets for what older ones put together", async () => {
  const model = tfl.sequential({
    layers: [
      l.dense({ inputShape: [4], units: 3, activation: "gelu_new" as "relu" }),
      l.activation({ activation: "mish" }),
      l.layerNormalization({}),
    ],
  });
  const { json, weights } = await save(model);
  const ops = (opset: number): string[] => opsOf(graphFromLayers(json, weights, { opset }).model);
  expect(ops(20)).toEqual(["Gemm", "Gelu", "Mish", "LayerNormalization"]);
  expect(ops(16)).toContain("ReduceMean");
});

it("refuses to train batch normalisation in a set that cannot", async () => {
  const { json, weights } = await save(digitModel());
  expect(() => graphFromLayers(json, weights, { opset: 13, training: true })).toThrow("opset 14");
});

it("refuses operator sets that it does not write", async () => {
  const { json, weights } = await save(digitModel());
  for (const opset of [12, 22, 17.5, Number.NaN, "17" as unknown as number])
    expect(() => graphFromLayers(json, weights, { opset })).toThrow(expect.objectContaining({ code: "TFJS_OPSET" }));
});
