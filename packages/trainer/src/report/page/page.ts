import type { Scores } from "../../evaluation/class-report.ts";
import { bytes, clock, count, percent, plural, share } from "../format.ts";
import { type CardSection, modelCard } from "../model-card.ts";
import type { RunReport, ShownPicture } from "../run-report.ts";
import { confusionTones } from "./confusion-tones.ts";
import { Html, html } from "./html.ts";
import { image } from "./image.ts";
import { accuracyPlot, calibrationPlot, learningRatePlot, lossPlot } from "./plots.ts";
import { rejection } from "./rejection.ts";
import { stress } from "./stress.ts";
import { filterScript, style } from "./style.ts";

/** `report.html`: one file that needs nothing else, and no JavaScript but to filter the mistakes. */
export function reportPage(report: RunReport): string {
  const { summary, id } = report;
  const title = `${summary.recipe} on ${summary.dataset.name}`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${title}: ${percent(summary.testAccuracy)}</title>
${element("style", style)}
</head>
<body>
<main>
<header>
<p class="quiet">Glyphcast ${summary.versions.glyphcast}, run ${id}</p>
<h1>${title}</h1>
<p class="lead"><strong>${percent(summary.testAccuracy)}</strong> of ${count(summary.testImages)} test pictures read right, ${plural(summary.testErrors, "error")}.</p>
${figures(report)}
</header>
${curves(report)}
${confusion(report)}
${classes(report)}
${calibration(report)}
${rejection(report.summary)}
${mistakes(report)}
${doubtful(report)}
${report.stress && stress(report.stress)}
${inside(report)}
${card(report)}
${settings(report)}
</main>
${element("script", filterScript)}
</body>
</html>
`.text;
}

/** An element whose text is taken as it is. */
const element = (name: "script" | "style", text: string): Html => new Html(`<${name}>${text}</${name}>`);

function figures({ summary, classes, calibration: { ece } }: RunReport): Html {
  const cells: [string, string][] = [
    ["held out", summary.validationAccuracy === undefined ? "none" : percent(summary.validationAccuracy)],
    ["macro-F1", percent(classes.macro.f1)],
    ["calibration error", percent(ece)],
    ["parameters", count(summary.parameters)],
    ["model.onnx", bytes(summary.model.bytes)],
    ["training", clock(summary.trainSeconds)],
  ];
  return html`<dl class="figures">${cells.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

const figure = (caption: string, content: Html): Html =>
  html`<figure>${content}<figcaption>${caption}</figcaption></figure>`;

const curves = ({ epochs, learningRates }: RunReport): Html => html`<section>
<h2>Training</h2>
<div class="plots">
${figure("Accuracy: on augmented pictures while the weights changed, and on those held out after each epoch. By the logarithm of what is wrong.", accuracyPlot(epochs))}
${figure("Loss, likewise: the mean of each epoch, and on those held out.", lossPlot(epochs))}
${figure("Learning rate.", learningRatePlot(learningRates))}
</div>
</section>`;

function confusion({ confusion, labels }: RunReport): Html {
  const tone = confusionTones(confusion);
  const row = (counts: readonly number[], truth: number): Html => {
    const total = counts.reduce((sum, n) => sum + n, 0);
    return html`<tr><th scope="row">${labels[truth]}</th>${counts.map((n, guess) => {
      if (n === 0) return html`<td class="quiet">·</td>`;
      const kind = guess === truth ? "right" : "wrong";
      const shade = (100 * tone(truth, guess)).toFixed(1);
      return html`<td class="${kind}" style="--tone:${shade}%">${count(n)}<small>${share(n / total)}</small></td>`;
    })}</tr>`;
  };
  return html`<section>
<h2>Confusion</h2>
<p>A row for each true class, a column for each answer; percentages are of the row.</p>
<div class="wide"><table class="confusion">
<thead><tr><th></th>${labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
<tbody>${confusion.map(row)}</tbody>
</table></div>
</section>`;
}

function classes({ classes: { perClass, macro, weighted }, labels }: RunReport): Html {
  const row = (name: string, { precision, recall, f1, support }: Scores, kind = ""): Html =>
    html`<tr class="${kind}"><th scope="row">${name}</th><td>${percent(precision)}</td><td>${percent(recall)}</td><td>${percent(f1)}</td><td>${count(support)}</td></tr>`;
  return html`<section>
<h2>Classes</h2>
<div class="wide"><table class="figures-table">
<thead><tr><th scope="col">class</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th><th scope="col">pictures</th></tr></thead>
<tbody>${labels.map((label, i) => row(label, perClass[i]!))}${row("macro mean", macro, "mean")}${row("weighted mean", weighted, "mean")}</tbody>
</table></div>
</section>`;
}

const calibration = ({ calibration, uncalibrated, summary }: RunReport): Html => html`<section>
<h2>Calibration</h2>
<div class="plots">
${figure(
  `Of answers of about the same probability, how many are right, and on how many pictures that rests. Expected calibration error ${percent(calibration.ece)}${
    uncalibrated === undefined
      ? "; no temperature is fitted."
      : `; ${percent(uncalibrated.ece)} before the temperature of ${summary.calibration!.temperature.toFixed(3)} (outlines), from ${summary.calibration!.from}.`
  }`,
  calibrationPlot(calibration, uncalibrated),
)}
</div>
</section>`;

function mistakes({ misread, misreadInAll, labels }: RunReport): Html {
  const choice = (name: string, of: readonly string[]): Html =>
    html`<label>${name} <select name="${name}"><option value="">any</option>${of.map((label) => html`<option>${label}</option>`)}</select></label>`;
  const present = (key: "truth" | "guess") => labels.filter((label) => misread.some((shown) => shown[key] === label));
  const more = misreadInAll > misread.length ? ` The ${count(misread.length)} surest are shown.` : "";
  return html`<section>
<h2>Mistakes</h2>
<p>${misreadInAll === 0 ? "None." : `All ${plural(misreadInAll, "misread test picture")}, surest first.${more}`}</p>
${misread.length === 0 ? "" : html`<form class="filter" hidden>${choice("truth", present("truth"))} ${choice("guess", present("guess"))}</form>`}
<ol class="pictures" id="mistakes">${misread.map(shown)}</ol>
</section>`;
}

const doubtful = ({ doubtful }: RunReport): Html => html`<section>
<h2>Right, but in doubt</h2>
<p>Of the right answers, those that were least sure.</p>
<ol class="pictures">${doubtful.map(shown)}</ol>
</section>`;

/** A picture, with what it is, what it was read as, and the likeliest classes. */
const shown = ({ index, truth, guess, candidates, picture }: ShownPicture): Html =>
  html`<li data-truth="${truth}" data-guess="${guess}">${image(picture, `test picture ${index}`, 84)}<p><b>${truth}</b>${truth === guess ? "" : html` read as <b class="bad">${guess}</b>`}</p><p class="quiet">${candidates.map(({ label, probability }) => html`${label} ${percent(probability, 1)}<br>`)}</p></li>`;

const inside = ({ augmented, filters }: RunReport): Html => html`<section>
<h2>What the network was shown, and what it made of it</h2>
<div class="pair">
${figure("Training pictures as they are (left) and as they were augmented in the first epochs.", image(augmented, "augmented training pictures", 600))}
${filters === undefined ? "" : figure("Filters of the first convolution, each between its own extremes.", image(filters, "filters", 420))}
</div>
</section>`;

/** Reports that were written before there were cards have nothing to make one of. */
function card(report: RunReport): Html | undefined {
  if (report.about === undefined) return undefined;
  const section = ({ title, sentences = [], rows = [], code = [] }: CardSection): Html => html`<section>
<h3>${title}</h3>
${sentences.length === 0 ? "" : html`<p>${sentences.join(" ")}</p>`}
${rows.length === 0 ? "" : valueTable(rows)}
${code.map(({ title, text }) => html`<p>${title}</p><pre>${text}</pre>`)}
</section>`;
  return html`<section>
<h2>Model card</h2>
<div class="card">${modelCard(report).map(section)}</div>
</section>`;
}

const valueTable = (rows: readonly (readonly [name: string, value: string])[]): Html =>
  html`<table class="values">${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</table>`;

/** JSON whose innermost objects and lists take a line each. */
const onFewLines = (value: object): string =>
  JSON.stringify(value, null, 2).replaceAll(
    /([{[])\n\s+([^[\]{}]*?)\n\s*([}\]])/g,
    (_, open: string, items: string, close: string) => `${open} ${items.replaceAll(/\n\s+/g, " ")} ${close}`,
  );

function settings({ summary, recipe }: RunReport): Html {
  const rows: [string, string][] = [
    ["data", summary.dataset.name],
    ["SHA-256 of the data", summary.dataset.sha256],
    ["SHA-256 of model.onnx", summary.model.sha256],
    ["recipe, seed", `${summary.recipe}, ${summary.seed}`],
    ["engine", summary.engine],
    ["training", `${summary.trainSeconds.toFixed(1)} s, ${count(summary.imagesPerSecond)} pictures a second`],
    ["the whole run", `${summary.totalSeconds.toFixed(1)} s, ${bytes(summary.peakMemoryBytes)} at its peak`],
    ...Object.entries(summary.versions),
    ...summary.parity.map(({ runtime, images, maxAbsDiff, argmaxDisagreements }, i): [string, string] => [
      runtime,
      i === 0
        ? `${count(images)} pictures, the reference`
        : `${count(images)} pictures, probabilities within ${maxAbsDiff.toExponential(1)}, ${count(argmaxDisagreements)} other answers`,
    ]),
  ];
  return html`<section>
<h2>Settings</h2>
${valueTable(rows)}
<h3>The recipe</h3>
<pre>${onFewLines(recipe)}</pre>
</section>`;
}
