// npm run bench:accuracy [-- --recipe digits --seeds 5 --out runs/accuracy]
// A recipe on all of MNIST by the protocol of docs/accuracy-RECIPE.md, which it writes: a run that holds 5,000 pictures out, to
// calibrate by, then one for each seed on all 60,000. Runs that are in --out already are not trained again, and those
// that were interrupted go on.
import { access, readdir, readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { recipes } from "../../packages/trainer/src/recipes/index.ts";
import { glyphcast } from "./glyphcast.mjs";
import { mean, percent, writePage } from "./page.mjs";

const { values } = parseArgs({
  options: {
    recipe: { type: "string", default: "digits" },
    seeds: { type: "string", default: "5" },
    out: { type: "string", default: "runs/accuracy" },
  },
});
const { recipe, out } = values;

/** The summary of the run of that name, trained if need be. @param {string} name @param {string[]} options */
async function run(name, options) {
  const folder = join(out, recipe, name);
  const summary = join(folder, "latest", "summary.json");
  const done = await access(summary).then(
    () => true,
    () => false,
  );
  const begun = (await readdir(folder).catch(() => [])).length > 0;
  if (!done && begun) glyphcast("train", "--resume", folder);
  else if (!done) glyphcast("train", "--data", "mnist", "--recipe", recipe, "--out", folder, ...options);
  return JSON.parse(await readFile(summary, "utf8"));
}

/** Networks in a model of this recipe have seeds in a row: no two models shall share one. */
const apart =
  recipes[/** @type {import("../../packages/trainer/src/recipes/index.ts").RecipeName} */ (recipe)].networks ?? 1;
const calibrating = await run("held-out", ["--seed", "1"]);
const runs = [];
for (let i = 0; i < Number(values.seeds); i++) {
  const seed = 1 + i * apart;
  const calibration = ["--calibration", join(out, recipe, "held-out", "latest")];
  runs.push(await run(`seed-${seed}`, ["--seed", String(seed), "--validation", "0", ...calibration]));
}

const accuracies = runs.map(({ testAccuracy }) => testAccuracy);
const squares = accuracies.map((value) => (value - mean(accuracies)) ** 2);
const deviation = Math.sqrt((mean(squares) * runs.length) / (runs.length - 1));
const said =
  runs.length === 1
    ? "one seed"
    : `the mean of ${runs.length} seeds, which differ by ${percent(deviation, 3)} (standard deviation)`;

/** @type {[string, (summary: typeof calibrating) => string][]} */
const all = [
  ["seed", ({ seed }) => String(seed)],
  ["read right", ({ testAccuracy }) => percent(testAccuracy)],
  ["errors", ({ testErrors }) => String(testErrors)],
  ["calibration error", ({ ece }) => percent(ece.after)],
  ["rejected", ({ rejected }) => percent(rejected)],
  ["damaged", ({ stress }) => percent(stress?.meanAccuracy)],
  ["drawn on a canvas", ({ stress }) => percent(stress?.placement.accuracy)],
  ["enlarged: same answer", ({ stress }) => percent(stress?.enlargement.agreement)],
  ["minutes", ({ trainSeconds }) => (trainSeconds / 60).toFixed(1)],
];
const columns = all.filter(([, of]) => of(calibrating) !== "");
/** @param {readonly string[]} cells */
const row = (cells) => `| ${cells.join(" | ")} |`;
const table = [
  row(columns.map(([name]) => name)),
  row(columns.map(() => "---")),
  ...runs.map((summary) => row(columns.map(([, of]) => of(summary)))),
];
const together = apart === 1 ? "" : `Each is ${apart} networks in one graph, of as many seeds, counted from this one. `;
const page = `# Accuracy of \`${recipe}\`

**${percent(mean(accuracies), 3)}** of MNIST's 10,000 test pictures: ${said}.
${together}${calibrating.parameters.toLocaleString("en")} parameters.

Network, schedule and augmentation were chosen by 5,000 pictures held out of the 60,000 to train on; a run that held
them out (${percent(calibrating.validationAccuracy)} of them right) gave the temperature and the threshold below which a picture is rejected. Each row
below trained on all 60,000, kept its last weights, and read the test pictures once. Minutes are of training alone, with
whatever else the machine did meanwhile. What was known of the test pictures by then is told in
[packages/trainer](../packages/trainer/README.md).

${table.join("\n")}

Measured by \`npm run bench:accuracy -- --recipe ${recipe}${runs.length === 5 ? "" : ` --seeds ${runs.length}`}\` on ${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${runs[0]?.engine}.
`;
await writePage(`accuracy-${recipe}.md`, page);
console.log(page);
