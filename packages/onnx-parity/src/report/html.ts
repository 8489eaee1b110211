import { ULP_BOUNDS } from "../compare/output-comparison.ts";
import type { ParityReport } from "../compare-runtimes.ts";
import type { PicturesReport } from "../pictures/pictures.ts";
import { escapeXml } from "./junit.ts";
import { picturesHead, picturesLines } from "./pictures.ts";
import { isImageLike, psnrOf } from "./psnr.ts";
import { detailsOf, environmentOf, machineOf, number, placementOf } from "./text.ts";

/** One page that needs nothing else: verdicts, figures, the ULP histogram as bars, where it ran. */
export function htmlOf(report: ParityReport): string {
  const { model, reference, runs, runtimes, agrees, version, machine } = report;
  const imageLike = runtimes.some(({ outputs }) => outputs.some(isImageLike));
  const rows = runtimes.flatMap(({ runtime, outputs }) =>
    outputs.map((output) => {
      const { dtype, shape, maxAbs, meanAbs, maxRel, cosine, decisions, ulps, elements } = output;
      const cells = [
        escapeXml(runtime),
        escapeXml(output.output),
        `${dtype}[${shape}]`,
        number(maxAbs),
        number(meanAbs),
        number(maxRel),
        cosine.toFixed(6),
        ...(imageLike ? [psnrOf(output)] : []),
        decisions ? `${decisions.flips} flipped, ${decisions.ties} tied of ${decisions.rows}` : "",
        bars(ulps, elements),
        output.agrees ? "agrees" : `<b>differs</b><br>${detailsOf(output).map(escapeXml).join("<br>")}`,
      ];
      return `<tr class="${output.agrees ? "same" : "other"}">${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
    }),
  );
  const where = runtimes.map(({ runtime, status, reason, environment = {}, placement }) => {
    const text = reason ?? [environmentOf(environment), placement && placementOf(placement)].filter(Boolean).join(", ");
    return `<li><b>${escapeXml(runtime)}</b> ${status}: ${escapeXml(text)}</li>`;
  });
  const head = [
    "runtime",
    "output",
    "type",
    "max abs",
    "mean abs",
    "max rel",
    "cosine",
    ...(imageLike ? ["PSNR"] : []),
    "arg-max",
    "ULPs apart",
    "verdict",
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeXml(model.name)}: ${agrees ? "agrees" : "differs"}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff }
  table { border-collapse: collapse } th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #ddd }
  .other td { background: #fdecea } .bar { display: inline-block; width: .6rem; background: #4a78b5; vertical-align: bottom }
</style>
<h1>${escapeXml(model.name)}: ${agrees ? "the same answer" : "not the same answer"}</h1>
<p>${runs} inputs, reference ${escapeXml(reference)}. SHA-256 <code>${model.sha256}</code>, onnx-parity ${version}.
${escapeXml(machineOf(machine))}.</p>
<ul>${where.join("\n")}</ul>
${report.pictures ? picturesSection(report.pictures) : ""}
<table>
<tr>${head.map((name) => `<th>${name}</th>`).join("")}</tr>
${rows.join("\n")}
</table>
</html>
`;
}

function picturesSection(pictures: PicturesReport): string {
  const lines = picturesLines(pictures).map((line) => `<li>${escapeXml(line)}</li>`);
  return `<p>${escapeXml(picturesHead(pictures))}</p>\n<ul>${lines.join("\n")}</ul>`;
}

const BAR = 30;

/** Shares of elements 0, 1, up to 3, 15, 255 and more representable numbers apart. */
function bars(ulps: readonly number[], elements: number): string {
  return ulps
    .map((count, bucket) => {
      const bound = ULP_BOUNDS[bucket];
      const label = bound === undefined ? `over ${ULP_BOUNDS.at(-1)}` : `up to ${bound}`;
      const height = elements === 0 ? 0 : Math.ceil((BAR * count) / elements);
      return `<span class="bar" style="height:${height}px" title="${label}: ${count}"></span>`;
    })
    .join("");
}
