import { percent } from "./format.ts";
import { type CardSection, modelCard } from "./model-card.ts";
import type { RunReport } from "./run-report.ts";

/** The model card as `README.md` beside the model, with the figures of each class. */
export function cardMarkdown(report: RunReport): string {
  const { summary, classes, labels } = report;
  const rows = labels.map((label, i) => {
    const { precision, recall, f1, support } = classes.perClass[i]!;
    return [label, percent(precision), percent(recall), percent(f1), String(support)];
  });
  return [
    `# ${summary.recipe} on ${summary.dataset.name}`,
    ...modelCard(report).map(sectionMarkdown),
    "## Figures by class",
    table(["class", "precision", "recall", "F1", "pictures"], rows),
    "",
  ].join("\n\n");
}

const sectionMarkdown = ({ title, sentences = [], rows = [], code = [] }: CardSection): string =>
  [
    `## ${title}`,
    ...(sentences.length === 0 ? [] : [sentences.join("\n")]),
    ...(rows.length === 0 ? [] : [table(["", ""], rows)]),
    ...code.map(({ title, language, text }) => `${title}:\n\n\`\`\`${language}\n${text}\n\`\`\``),
  ].join("\n\n");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
