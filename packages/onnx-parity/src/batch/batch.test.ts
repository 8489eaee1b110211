import { encodeModel, GraphBuilder, modelOf } from "@glyphcast/onnx";
import { expect, it } from "vitest";
import { classifier } from "../testing.ts";
import { compareBatches } from "./compare-batches.ts";

it("finds that a classifier answers each row for itself", async () => {
  const [report] = await compareBatches({ model: classifier(), runtimes: ["node-cpu"], sizes: [1, 7, 20] });
  expect(report).toMatchObject({ runtime: "node-cpu", status: "agrees", sizes: [{ size: 7 }, { size: 1 }] });
  expect(report!.sizes[0]!.outputs.map(({ output, elements }) => [output, elements])).toEqual([
    ["logits", 100],
    ["class", 20],
  ]);
});

it("finds a model whose rows depend on each other", async () => {
  const g = new GraphBuilder("centred");
  const x = g.input("x", "float32", ["batch", 3]);
  g.output(g.op("Sub", [x, g.op("ReduceMean", [x], { axes: [0] })]), "y");
  const reports = await compareBatches({
    model: encodeModel(modelOf(g.build())),
    runtimes: ["node-cpu"],
    sizes: [1, 8],
  });
  expect(reports).toMatchObject([{ status: "differs" }]);
});

it.each([[[1]], [[0, 4]], [[Number.NaN, 2]]])("refuses %j as sizes", async (sizes) => {
  await expect(compareBatches({ model: classifier(), runtimes: ["node-cpu"], sizes })).rejects.toMatchObject({
    code: "USAGE",
  });
});
