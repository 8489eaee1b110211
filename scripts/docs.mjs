// The pages that are made from code: where each lies, and what it should say.

/** @type {Readonly<Record<string, () => Promise<string>>>} */
export const PAGES = {
  "docs/onnx-train-operators.md": async () =>
    (await import("../packages/onnx-train/test/operators-page.ts")).operatorsPage(),
  "docs/tfjs-to-onnx-layers.md": async () =>
    (await import("../packages/tfjs-to-onnx/src/support-table.ts")).layersPage(),
  "docs/tfjs-to-onnx-ops.md": async () =>
    (await import("../packages/tfjs-to-onnx/src/graph-model/ops-page.ts")).opsPage(),
};
