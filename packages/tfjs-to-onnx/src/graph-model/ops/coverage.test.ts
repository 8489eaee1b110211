import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { REFUSED } from "./refused.ts";
import { OPS } from "./rules.ts";

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
