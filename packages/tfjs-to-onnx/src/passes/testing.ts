// What the tests of passes share: a graph, before and after, in onnxruntime.
import { checkModel, dropIdentities, type Graph, GraphBuilder, modelOf, removeDeadNodes } from "@glyphcast/onnx";
import { expect } from "vitest";
import { expectSame, type Feed, noiseOf, opsOf, runOnnx } from "../testing.ts";
import type { PassOptions } from "./simplify.ts";

export interface Case {
  readonly build: (g: GraphBuilder) => string | readonly string[];
  /** What is left after the pass, and after what is dead or an identity is gone. */
  readonly ops: readonly string[];
  readonly opset?: number;
}

/** Runs a pass, and both graphs on the same inputs: the answers have to agree. Returns the graph after. */
export async function expectPass(
  pass: (graph: Graph, options: PassOptions) => Graph,
  { build, ops, opset = 17 }: Case,
): Promise<Graph> {
  const g = new GraphBuilder("g", opset);
  for (const [i, value] of [build(g)].flat().entries()) g.output(value, `out${i}`);
  const before = g.build();
  const settled = (graph: Graph): Graph => removeDeadNodes(dropIdentities(graph));
  const after = settled(pass(settled(before), { opset }));
  const versions = { irVersion: opset > 20 ? 10 : opset > 18 ? 9 : 8, opsets: { "": opset } };
  const [old, changed] = [modelOf(before, versions), modelOf(after, versions)];
  checkModel(changed);
  expect(opsOf(changed)).toEqual(ops);
  const feeds = Object.fromEntries(
    before.inputs.map(({ name, dtype, shape = [] }, i): [string, Feed] => {
      const dims = shape.map((dim) => (typeof dim === "number" ? dim : 2));
      const noise = noiseOf(
        i + 1,
        dims.reduce((a, b) => a * b, 1),
      ).map((value) => 4 * value);
      const data =
        dtype === "uint8" ? Uint8Array.from(noise, Math.abs) : dtype === "int32" ? Int32Array.from(noise) : noise;
      return [name, { data, shape: dims }];
    }),
  );
  const [expected, found] = [await runOnnx(old, feeds), await runOnnx(changed, feeds)];
  for (const { name } of before.outputs) expectSame(found[name]!, expected[name]!);
  return after;
}

/** A constant tensor of noise. */
export const noisy = (g: GraphBuilder, name: string, ...shape: number[]): string =>
  g.initializer(g.unique(name), {
    dtype: "float32",
    shape,
    data: noiseOf(
      name.length + shape.length,
      shape.reduce((a, b) => a * b, 1),
    ),
  });
