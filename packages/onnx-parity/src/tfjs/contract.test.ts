import {
  float32,
  GraphBuilder,
  int64,
  type Model,
  modelOf,
  type Tensor,
  tensor,
  type ValueInfo,
} from "@glyphcast/onnx";
import { describe, expect, it } from "vitest";
import type { Port } from "../target/protocol.ts";
import { contractOf } from "./contract.ts";

/** A model with these inputs and outputs, whatever lies between. */
function onnx(
  inputs: readonly ValueInfo[],
  outputs: readonly ValueInfo[],
  metadata: Readonly<Record<string, string>> = {},
): Model {
  const g = new GraphBuilder("converted");
  const graph = { ...g.build(), inputs, outputs };
  return modelOf(graph, { metadata });
}

const value = (name: string, dtype: ValueInfo["dtype"], ...shape: (number | string)[]): ValueInfo => ({
  name,
  dtype,
  shape,
});
const port = (name: string, dtype: string, ...shape: (number | string)[]): Port => ({ name, dtype, shape });
const bytes = (shape: number[], ...values: number[]): Tensor => tensor("uint8", shape, Uint8Array.from(values));

describe("what TF.js is given", () => {
  it("goes by name where all names are the same, otherwise by order", () => {
    const ours = [value("a", "float32", 1), value("b", "float32", 1)];
    const feeds = { a: float32([1], [1]), b: float32([1], [2]) };
    const out = [value("y", "float32", 1)];
    const same = contractOf(onnx(ours, out), {
      inputs: [port("b", "float32", 1), port("a", "float32", 1)],
      outputs: [port("y", "float32", 1)],
    });
    expect(same.feedsOf(feeds)).toEqual(feeds);
    const other = contractOf(onnx(ours, out), {
      inputs: [port("input_1", "float32", 1), port("input_2", "float32", 1)],
      outputs: [port("dense", "float32", 1)],
    });
    expect(other.feedsOf(feeds)).toEqual({ input_1: feeds.a, input_2: feeds.b });
    expect(other.answersOf({ dense: float32([1], [7]) })).toEqual({ y: float32([1], [7]) });
  });

  it.each<[string, Readonly<Record<string, string>>, number[]]>([
    ["1/255 without a word", {}, [0, Math.fround(51 / 255), 1]],
    ["what the converter wrote down", { uint8_scale: "2", uint8_offset: "-1" }, [-1, 101, 509]],
  ])("scales bytes by %s, and gives one channel its axis", (_, metadata, expected) => {
    const model = onnx([value("pixels", "uint8", "batch", 1, 3)], [value("y", "float32", "batch")], metadata);
    const tfjs = { inputs: [port("image", "float32", "", 1, 3, 1)], outputs: [port("y", "float32", "")] };
    const feeds = contractOf(model, tfjs).feedsOf({ pixels: bytes([1, 1, 3], 0, 51, 255) });
    expect(feeds).toEqual({ image: float32([1, 1, 3, 1], expected) });
  });

  it("has its channels last, and its numbers in types that TF.js has", () => {
    const model = onnx([value("x", "float32", "n", 2, 1, 3), value("i", "int64", 2)], [value("y", "float32", "n")]);
    const contract = contractOf(model, {
      inputs: [port("x", "float32", "", 1, 3, 2), port("i", "int32", 2)],
      outputs: [port("y", "float32", "")],
    });
    expect(contract.feedsOf({ x: float32([1, 2, 1, 3], [1, 2, 3, 4, 5, 6]), i: int64([2], [1, -2]) })).toEqual({
      x: float32([1, 1, 3, 2], [1, 4, 2, 5, 3, 6]),
      i: tensor("int32", [2], Int32Array.of(1, -2)),
    });
  });
});

describe("what TF.js answers", () => {
  it("has the .onnx's types and layouts", () => {
    const model = onnx([], [value("image", "float32", "n", 2, 1, 3), value("place", "int64", "n")]);
    const contract = contractOf(model, {
      inputs: [],
      outputs: [port("image", "float32", "", 1, 3, 2), port("place", "int32", "")],
    });
    const found = { image: float32([1, 1, 3, 2], [1, 4, 2, 5, 3, 6]), place: tensor("int32", [1], Int32Array.of(5)) };
    expect(contract.answersOf(found)).toEqual({
      image: float32([1, 2, 1, 3], [1, 2, 3, 4, 5, 6]),
      place: int64([1], [5]),
    });
    expect(contract.lacks.size).toBe(0);
  });

  const classes = ["logits", "probabilities", "confidence"].map((name) => value(name, "float32", "n", 2));
  const only = { inputs: [], outputs: [port("dense", "float32", "", 2)] };

  it("are a classifier's probabilities where every row sums up to one, and otherwise its logits", () => {
    const ended = contractOf(onnx([], classes), only);
    expect(ended.answersOf({ dense: float32([2, 2], [0.25, 0.75, 1, 0]) })).toEqual({
      probabilities: float32([2, 2], [0.25, 0.75, 1, 0]),
    });
    expect([...ended.lacks]).toEqual(["logits", "confidence"]);
    const open = contractOf(onnx([], classes), only);
    expect(Object.keys(open.answersOf({ dense: float32([1, 2], [-1, 2]) }))).toEqual(["logits"]);
    expect([...open.lacks]).toEqual(["probabilities", "confidence"]);
  });

  it("are taken at the temperature that the converter wrote down", () => {
    const { answersOf } = contractOf(onnx([], classes, { temperature: "2" }), only);
    // √0.64 : √0.36 = 0.8 : 0.6
    const { probabilities } = answersOf({ dense: float32([1, 2], [0.64, 0.36]) });
    expect(probabilities!.data).toBeAllClose(Float32Array.of(0.8 / 1.4, 0.6 / 1.4), { rtol: 1e-6, atol: 0 });
  });
});

it("refuses a model with other inputs or outputs", () => {
  const model = onnx([value("x", "float32", 1)], [value("y", "float32", 1)]);
  expect(() => contractOf(model, { inputs: [], outputs: [port("y", "float32", 1)] })).toThrow(
    /has the inputs x, the TF/,
  );
  const two = { inputs: [port("x", "float32", 1)], outputs: [port("y", "float32", 1), port("z", "float32", 1)] };
  expect(() => contractOf(model, two)).toThrow(/has the outputs y, the TF\.js model y, z/);
});
