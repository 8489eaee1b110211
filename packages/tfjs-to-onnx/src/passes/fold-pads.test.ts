import { float32, GraphBuilder, modelOf } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { expectConverts, opsOf, randomise, runOnnx, tfl } from "../testing.ts";
import { foldPads } from "./fold-pads.ts";

const l = tfl.layers;
type Layer = Parameters<tfl.Sequential["add"]>[0];
const wide = {
  padding: [
    [2, 1],
    [0, 2],
  ],
} as { padding: [[number, number], [number, number]] };

const conv = (): Layer => l.conv2d({ filters: 2, kernelSize: 3, padding: "same" });
const relu = (): Layer => l.activation({ activation: "relu" });
const pad = (padding: number): Layer => l.zeroPadding2d({ padding });

it.each<[string, Layer[], string[]]>([
  ["into a convolution", [conv(), l.zeroPadding2d(wide), conv()], ["Conv", "Conv"]],
  [
    "into a maximum of what is never negative",
    [conv(), relu(), pad(1), l.maxPooling2d({ poolSize: 3, strides: 2 })],
    ["Conv", "Relu", "MaxPool"],
  ],
  [
    "not into a maximum of what may be negative",
    [conv(), pad(1), l.maxPooling2d({ poolSize: 2 })],
    ["Conv", "Pad", "Max", "MaxPool"],
  ],
  [
    "not into a smaller pool",
    [conv(), relu(), pad(2), l.maxPooling2d({ poolSize: 2 })],
    ["Conv", "Relu", "Pad", "Max", "MaxPool"],
  ],
  ["into an average, which counts it", [conv(), pad(1), l.averagePooling2d({ poolSize: 3 })], ["Conv", "AveragePool"]],
  [
    "not into an average that pads itself",
    [conv(), pad(1), l.averagePooling2d({ poolSize: 3, padding: "same" })],
    ["Conv", "Pad", "Max", "AveragePool"],
  ],
  [
    "not into a smaller average",
    [conv(), pad(3), l.averagePooling2d({ poolSize: 2 })],
    ["Conv", "Pad", "Max", "AveragePool"],
  ],
])("folds padding %s", async (_, layers, ops) => {
  const model = tfl.sequential({ layers: [l.inputLayer({ inputShape: [6, 7, 1] }), ...layers] });
  randomise(model);
  const onnx = await expectConverts(model);
  expect(opsOf(onnx)).toEqual(["Reshape", ...ops, "Transpose"]);
});

it("leaves a Pad that has another reader", async () => {
  const g = new GraphBuilder("g");
  const padded = g.op("Pad", [g.input("x", "float32", [1, 1, 2, 2]), g.ints([0, 0, 1, 1, 0, 0, 1, 1])]);
  g.output(g.op("Conv", [padded, g.initializer("w", float32([1, 1, 3, 3], new Float32Array(9).fill(1)))]), "y");
  g.output(padded, "p");
  const model = modelOf(foldPads(g.build()));
  expect(opsOf(model)).toEqual(["Pad", "Conv", "Identity", "Identity"]);
  const { y, p } = await runOnnx(model, { x: { data: Float32Array.of(1, 2, 3, 4), shape: [1, 1, 2, 2] } });
  expect(y!.data).toBeAllClose([10, 10, 10, 10]);
  expect(p!.shape).toEqual([1, 1, 4, 4]);
});
