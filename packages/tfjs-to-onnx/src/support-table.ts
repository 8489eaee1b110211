import { activationNames } from "./activations.ts";
import { LAYERS } from "./layers/rules.ts";

/** The layers that can be converted, as Markdown. */
export function supportTable(): string {
  const cells = [
    ["Layer", "becomes", "limits"],
    ...[...LAYERS]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { becomes, notes = "" }]) => [name, becomes, notes]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  const rows = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const activations = activationNames.map((name) => `\`${name}\``).join(", ");
  return [rows[0], rule, ...rows.slice(1), "", `Activations: ${activations}.`].join("\n");
}
