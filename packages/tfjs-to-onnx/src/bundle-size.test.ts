import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, it } from "vitest";

const packages = fileURLToPath(new URL("../../", import.meta.url));

/** What a page downloads that imports these names, minified and gzipped, in kB: with one of its later imports, if any. */
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
      modulePreload: false, // Vite's own script for it is not ours
      rollupOptions: { input: "entry", preserveEntrySignatures: "strict" },
    },
  });
  const chunks = new Map(
    ("output" in result ? result.output : []).flatMap((c) => ("code" in c ? [[c.fileName, c]] : [])),
  );
  const withImports = (name: string): string[] => [name, ...chunks.get(name)!.imports.flatMap(withImports)];
  const entry = [...chunks.values()].find(({ isEntry }) => isEntry)!;
  const later = new Set(withImports(entry.fileName).flatMap((name) => chunks.get(name)!.dynamicImports));
  const loads = [[], ...Array.from(later, (name) => [name])].map((more) =>
    [entry.fileName, ...more].flatMap(withImports),
  );
  const weights = loads.map((names) =>
    [...new Set(names)].reduce((sum, name) => sum + gzipSync(chunks.get(name)!.code, { level: 9 }).length, 0),
  );
  return Math.max(...weights) / 1000;
}

// 61.4 kB are 60 KiB. What is exported at once comes in more files, which compress less well one by one.
const encode = 'export { encodeModel } from "@glyphcast/onnx";';

it.each([
  ["nothing, and only writes .onnx files,", encode, 3],
  ["LayersModels", `${encode} export { graphFromLayers } from "@glyphcast/tfjs-to-onnx";`, 43],
  ["GraphModels", `${encode} export { graphFromGraphModel } from "@glyphcast/tfjs-to-onnx";`, 52],
  [
    "either, whichever comes",
    `${encode} export { graphFromModel, modelFromUrl } from "@glyphcast/tfjs-to-onnx";`,
    61.4,
  ],
  ["everything at once", `${encode} export * from "@glyphcast/tfjs-to-onnx";`, 80],
])("what converts %s weighs little in a page", { timeout: 120_000 }, async (_, code, budget) => {
  const kilobytes = await weigh(code);
  console.info(`${kilobytes.toFixed(1)} kB gzipped`);
  expect(kilobytes).toBeLessThan(budget);
  expect(kilobytes).toBeGreaterThan(1);
});
