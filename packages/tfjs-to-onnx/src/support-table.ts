import { activationNames } from "./activations.ts";
import { LAYERS } from "./layers/rules.ts";
import { table } from "./markdown-table.ts";

/** `docs/tfjs-to-onnx-layers.md`: the layers and activations that can be converted. */
export function layersPage(): string {
  const rows = [...LAYERS]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { becomes, notes = "" }]) => [name, becomes, notes]);
  return `# Layers of TF.js that tfjs-to-onnx converts

Made from the rules by \`scripts/make-docs.mjs\`. What a layer becomes is what it is lowered to at opset 17; the passes
after that fold much of it away. The models themselves (Sequential, Functional, Model, also nested) and InputLayer
become the graph. Recurrent cells (LSTMCell, GRUCell, SimpleRNNCell, StackedRNNCells, ConvLSTM2DCell) stand inside of the
layers that read them.

${table(["Layer", "becomes", "limits"], rows)}

Activations: ${activationNames.map((name) => `\`${name}\``).join(", ")}.
`;
}
