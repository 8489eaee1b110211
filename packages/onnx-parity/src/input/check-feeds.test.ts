import { float32, type Tensor, tensor } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import type { Port } from "../target/protocol.ts";
import { checkFeeds } from "./check-feeds.ts";

const PORTS: Port[] = [
  { name: "x", dtype: "float32", shape: ["batch", 6] },
  // What onnxruntime says of an open rank.
  { name: "any", dtype: "float32", shape: [] },
];
const row = (size: number): Tensor => float32([1, size], new Float32Array(size));
const any = row(1);

it("takes what fits", () => {
  expect(() => checkFeeds({ x: row(6), any }, PORTS)).not.toThrow();
});

it.each<[string, Record<string, Tensor>, string]>([
  ["an input that is missing", { any }, 'Input "x" is missing. Given: any.'],
  ["an input too many", { x: row(6), any, y: any }, 'Input "y" is not the model\'s. It has: x, any.'],
  [
    "an input of another type",
    { x: tensor("uint8", [1, 6], new Uint8Array(6)), any },
    'Input "x" is uint8, the model takes float32.',
  ],
  ["an input of another shape", { x: row(5), any }, 'Input "x" has the shape [1,5], the model takes [batch,6].'],
  ["an input of another rank", { x: float32([6], new Float32Array(6)), any }, 'Input "x" has the shape [6], the model'],
])("refuses %s by name", (_, feeds, message) => {
  expect(() => checkFeeds(feeds, PORTS)).toThrow(message);
});
