import { activationNames } from "./activations.ts";
import { LAYERS } from "./layers/rules.ts";

/** `docs/tfjs-to-onnx-layers.md`: the layers and activations that can be converted. */
export function layersPage(): string {
  const rows = [...LAYERS].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const cells = [
    ["Layer", "becomes", "limits"],
    ...rows.map(([name, { becomes, notes = "" }]) => [name, becomes, notes]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return `# Layers of TF.js that tfjs-to-onnx converts

Made from the rules by \`scripts/make-docs.mjs\`. What a layer becomes is what it is lowered to at opset 17; the passes
after that fold much of it away. The models themselves (Sequential, Functional, Model, also nested) and InputLayer
become the graph. Recurrent cells (LSTMCell, GRUCell, SimpleRNNCell, StackedRNNCells, ConvLSTM2DCell) stand inside of the
layers that read them.

${[lines[0], rule, ...lines.slice(1)].join("\n")}

Activations: ${activationNames.map((name) => `\`${name}\``).join(", ")}.
`;
}
