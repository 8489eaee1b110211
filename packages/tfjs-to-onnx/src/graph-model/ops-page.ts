import { table } from "../markdown-table.ts";
import { REFUSED } from "./ops/refused.ts";
import { OP_FAMILIES } from "./ops/rules.ts";

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** `docs/tfjs-to-onnx-ops.md`: what becomes of the ops of GraphModels. */
export function opsPage(): string {
  const families = Object.entries(OP_FAMILIES)
    .toSorted(byName)
    .map(([family, rules]) => {
      const rows = Object.entries(rules)
        .toSorted(byName)
        .map(([op, { becomes, notes = "" }]) => [op, becomes, notes]);
      return `## ${family}\n\n${table(["op", "becomes", "limits"], rows)}\n`;
    });
  const refused = [...REFUSED].toSorted(byName);
  const count = Object.values(OP_FAMILIES).reduce((sum, rules) => sum + Object.keys(rules).length, 0);
  return [
    "# GraphModel ops\n",
    `What \`tfjs-to-onnx\` makes of the ${count} ops of TF.js GraphModels that it converts, sorted as TF.js 4.22 sorts`,
    "its op lists. Each, with every option that changes its result, is compared with TF.js. Made from the code by",
    "`scripts/make-docs.mjs`.\n",
    ...families,
    "## Not converted\n",
    `${table(["op", "reason"], refused)}\n`,
  ].join("\n");
}
