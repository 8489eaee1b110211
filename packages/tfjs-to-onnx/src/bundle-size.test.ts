import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

const packages = fileURLToPath(new URL("../../", import.meta.url));

/** What a page downloads that imports these names, minified and gzipped. */
async function weigh(code: string): Promise<number> {
  const result = await build({
    configFile: false,
    logLevel: "silent",
    resolve: { alias: [{ find: /^@glyphcast\/([^/]+)$/, replacement: `${packages}$1/src/index.ts` }] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? "\0entry" : undefined),
        load: (id) => (id === "\0entry" ? code : undefined),
      },
    ],
    build: {
      write: false,
      minify: true,
      target: "es2023",
      rollupOptions: { input: "entry", preserveEntrySignatures: "strict" },
    },
  });
  const outputs = "output" in result ? result.output : [];
  return outputs.reduce((sum, part) => sum + ("code" in part ? gzipSync(part.code, { level: 9 }).length : 0), 0) / 1000;
}

const encode = 'export { encodeModel } from "@glyphcast/onnx";';

it.each([
  ["nothing, and only writes .onnx files,", encode, 3],
  ["LayersModels", `${encode} export { graphFromLayers } from "@glyphcast/tfjs-to-onnx";`, 43],
  ["GraphModels", `${encode} export { graphFromGraphModel } from "@glyphcast/tfjs-to-onnx";`, 52],
  ["everything", `${encode} export * from "@glyphcast/tfjs-to-onnx";`, 78],
])("what converts %s weighs little in a page", { timeout: 120_000 }, async (_, code, budget) => {
  const kilobytes = await weigh(code);
  console.info(`${kilobytes.toFixed(1)} kB gzipped`);
  expect(kilobytes).toBeLessThan(budget);
  expect(kilobytes).toBeGreaterThan(1);
});
