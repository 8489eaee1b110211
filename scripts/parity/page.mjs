import { environmentOf, picturesHead, picturesLines, placementOf } from "@glyphcast/onnx-parity";

/**
 * @typedef {import("@glyphcast/onnx-parity").ParityReport} ParityReport
 * @typedef {import("@glyphcast/onnx-parity").RuntimeReport} RuntimeReport
 * @typedef {import("@glyphcast/onnx-parity").PicturesReport} PicturesReport
 */

/** @param {number} value */
const number = (value) => (value === 0 ? "0" : value.toExponential(1));

/**
 * docs/parity.md.
 *
 * @param {{
 *   sections: readonly { what: string, report: ParityReport, seconds: number }[],
 *   pictures: PicturesReport, seconds: number, peak: number, cpu: string,
 * }} measured
 */
export function page({ sections, pictures, seconds, peak, cpu }) {
  const [{ report }] = /** @type {[{ report: ParityReport }]} */ (/** @type {unknown} */ (sections));
  return `# The same answer everywhere

Written by \`npm run parity\` with onnx-parity ${report.version}: \`models/digits/1/model.onnx\`, SHA-256
\`${report.model.sha256}\`, on ${cpu}.

${sections.map(section).join("\n")}
## From file to pixels

${preprocessing(pictures)}

All of it took ${seconds.toFixed(0)} s; the images go through in batches, and the process that compares them never held
more than ${peak.toFixed(0)} MB.
`;
}

/** @param {{ what: string, report: ParityReport, seconds: number }} section */
function section({ what, report, seconds }) {
  const { reference, runtimes } = report;
  const head = ["runtime", "output", "arg-max disagreements", "ties", "max abs", "max rel", "verdict"];
  const rows = runtimes.flatMap(({ runtime, status, outputs }) =>
    outputs.map(({ output, decisions, maxAbs, maxRel, agrees }) => [
      runtime,
      output,
      decisions ? `${decisions.flips} of ${decisions.rows.toLocaleString("en")}` : "",
      decisions ? `${decisions.ties}` : "",
      number(maxAbs),
      number(maxRel),
      agrees ? "agrees" : status === "differs" ? "**differs**" : status,
    ]),
  );
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `## ${what}

Reference ${reference}; ${seconds.toFixed(1)} s.

${lines.join("\n")}

${runtimes.map(where).join("\n")}
`;
}

/** @param {RuntimeReport} runtime */
function where({ runtime, reason, environment, placement, seconds }) {
  if (reason !== undefined) return `- ${runtime}: not available here. ${reason.split("\n")[0]}`;
  const parts = [environment && environmentOf(environment), placement && placementOf(placement)];
  return `- ${runtime}: ${[...parts, `${seconds.toFixed(1)} s in runs`].filter(Boolean).join(", ")}`;
}

/** @param {PicturesReport} pictures */
function preprocessing(pictures) {
  const head = picturesHead(pictures).replace("decoding", "Decoding");
  const lines = picturesLines(pictures).map((line) => `- ${line}`);
  return lines.length === 0 ? `${head}.` : `${head}.\n\n${lines.join("\n")}`;
}
