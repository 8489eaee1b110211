import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { REFUSED } from "./refused.ts";
import { OPS } from "./rules.ts";

it("has a test for every op with a rule", async () => {
  const folder = new URL(".", import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".test.ts"));
  const texts = await Promise.all(
    [...files, "../convert-graph.test.ts"].map((name) => readFile(new URL(name, folder), "utf8")),
  );
  const named = new Set(texts.flatMap((text) => text.match(/\w+/g)));
  // Every test has the first two; the last is FusedDepthwiseConv2dNative by TensorFlow's name, which TF.js does not know.
  const besides = ["Const", "Placeholder", "_FusedDepthwiseConv2dNative"];
  expect([...OPS.keys()].filter((op) => !named.has(op) && !besides.includes(op))).toEqual([]);
});

it("knows every op that TF.js has: a rule, or the reason why not, never both", async () => {
  const main = createRequire(import.meta.url).resolve("@tensorflow/tfjs-converter");
  const folder = join(dirname(main), "operations", "op_list");
  const files = (await readdir(folder)).filter((name) => /^[a-z_]+\.js$/.test(name) && !name.includes("test"));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  const ops = texts.flatMap((text) => [...text.matchAll(/'tfOpName': '([^']+)'/g)].map(([, op]) => op!));
  expect(ops.length).toBeGreaterThan(200);
  expect(ops.filter((op) => !OPS.has(op) && !REFUSED.has(op))).toEqual([]);
  expect(ops.filter((op) => OPS.has(op) && REFUSED.has(op))).toEqual([]);
});
