import type { StressResult } from "../evaluation/stress/stress-test.ts";
import { wilsonInterval } from "../evaluation/wilson.ts";
import { bytes, clock, count, percent, plural, share } from "./format.ts";
import type { RunReport } from "./run-report.ts";

/** What a section says: sentences, names with values, or code. */
export interface CardSection {
  readonly title: string;
  readonly sentences?: readonly string[];
  readonly rows?: readonly (readonly [name: string, value: string])[];
  readonly code?: readonly { readonly title: string; readonly language: string; readonly text: string }[];
}

/**
 * What a stranger should know of a model, as far as the run measured or recorded it. What was not examined is said to be
 * so; nothing else is claimed.
 *
 * @see Mitchell et al. 2019, "Model Cards for Model Reporting", for the sections
 */
export function modelCard(report: RunReport): CardSection[] {
  return [
    details(report),
    intendedUse(report),
    factors(report),
    metrics(report),
    data(report),
    training(report),
    {
      title: "Ethical considerations",
      sentences: ["Not examined: a run measures answers to pictures, not what they do to people."],
    },
    caveats(report),
    loading(report),
  ];
}

function details({ id, labels, summary, recipe, about }: RunReport): CardSection {
  const { model, parameters, versions, seed } = summary;
  const named = labels.length <= MOST_NAMED ? `: ${labels.join(", ")}` : "";
  const network =
    "file" in recipe.network
      ? `of ${recipe.network.file}, SHA-256 ${recipe.network.sha256}`
      : `of recipe ${summary.recipe}`;
  const { networks = 1, shifts = 0 } = recipe;
  const together = networks === 1 ? "" : `, ${networks} networks that answer together`;
  const views =
    shifts === 0 ? "" : `, reading a picture as it is and moved to four sides by ${plural(shifts, "pixel")}`;
  return {
    title: "Model details",
    sentences: [`Says which of ${labels.length} classes a picture shows${named}.`],
    rows: [
      ["network", `${network}, ${count(parameters)} parameters${together}${views}`],
      ["file", `model.onnx, ${bytes(model.bytes)}, SHA-256 ${model.sha256}`],
      ["input", `pixels, uint8 [batch, ${about.imageShape.join(", ")}]: scaling is part of the graph`],
      ["outputs", `logits and probabilities, float32 [batch, ${labels.length}]; confidence, float32 [batch]`],
      ["made by", `Glyphcast ${versions.glyphcast}, run ${id}, seed ${seed}, on ${summary.engine}`],
      ["licence of the weights", "none stated"],
    ],
  };
}

/** Of more classes the labels are in the manifest. */
const MOST_NAMED = 30;

function intendedUse({ summary, about }: RunReport): CardSection {
  const [height, width, channels] = about.imageShape;
  return {
    title: "Intended use",
    sentences: [
      `For pictures like those of ${summary.dataset.name}, the only ones that it was trained on and judged by.`,
      `A picture becomes ${width} × ${height} ${channels === 3 ? "colours" : "levels of grey"} by ${about.preprocess
        .map(({ step, ...parameters }) => inWords(step, parameters))
        .join(", then ")}; the runtimes do so by themselves.`,
      "It knows no class but its own: of anything else, too, it says the likeliest of them.",
      about.rejectBelow > 0
        ? `Answers of a confidence below ${about.rejectBelow.toFixed(3)} should not count: the runtimes call them rejected, and ${percent(summary.rejected)} of the test pictures were.`
        : "No confidence is set below which an answer should not count.",
    ],
  };
}

function factors({ classes, confusion, labels }: RunReport): CardSection {
  const met = classes.perClass.map(({ recall, support }, i) => ({ label: labels[i]!, recall, support }));
  const weakest = met.filter(({ support }) => support > 0).sort((a, b) => a.recall - b.recall)[0];
  const mistakes = confusion.flatMap((row, truth) =>
    row.map((images, guess) => ({ images: truth === guess ? 0 : images, truth, guess })),
  );
  const commonest = mistakes.sort((a, b) => b.images - a.images)[0];
  return {
    title: "Factors",
    sentences: [
      "Figures are by class. Who made the pictures, and with what, is not recorded, so none are by that.",
      ...(weakest === undefined
        ? []
        : [`Found least often: ${weakest.label}, ${share(weakest.recall)} of ${plural(weakest.support, "picture")}.`]),
      ...(commonest === undefined || commonest.images === 0
        ? []
        : [
            `Commonest mistake: ${labels[commonest.truth]} read as ${labels[commonest.guess]}, ${plural(commonest.images, "time")}.`,
          ]),
    ],
  };
}

function metrics({ summary, classes }: RunReport): CardSection {
  const temperature =
    summary.calibration === undefined
      ? "not calibrated"
      : `${percent(summary.ece.before)} before a temperature of ${summary.calibration.temperature.toFixed(3)}, from ${summary.calibration.from}`;
  const [from, to] = wilsonInterval(summary.testImages - summary.testErrors, summary.testImages);
  return {
    title: "Metrics",
    rows: [
      [
        "accuracy",
        `${percent(summary.testAccuracy)}, ${plural(summary.testErrors, "error")} in ${count(summary.testImages)}; 95 % interval ${percent(from)} to ${percent(to)} (Wilson)`,
      ],
      ["macro-F1", percent(classes.macro.f1)],
      ["expected calibration error", `${percent(summary.ece.after)}, ${temperature}`],
      ...(summary.stress === undefined ? [] : [underStress(summary.stress)]),
    ],
  };
}

const underStress = ({ corruptions, meanAccuracy }: StressResult): readonly [string, string] => [
  "accuracy on damaged pictures",
  `${percent(meanAccuracy)}, mean over ${corruptions.map(({ name }) => name).join(", ")}`,
];

function data({ summary, labels, about }: RunReport): CardSection {
  const { perClass, training, heldOut, skipped, licence } = about;
  const [fewest, most] = [Math.min(...perClass), Math.max(...perClass)];
  return {
    title: "Data",
    rows: [
      ["source", `${summary.dataset.name}, SHA-256 ${summary.dataset.sha256}`],
      [
        "trained on",
        `${count(training)} pictures, ${count(fewest)} to ${count(most)} of each of ${labels.length} classes`,
      ],
      ["held out", heldOut === 0 ? "none" : `${count(heldOut)}, for the figures after each epoch and the calibration`],
      ["judged by", `${count(summary.testImages)} test pictures, read once, after training`],
      ["left out", skipped === 0 ? "none" : `${plural(skipped, "picture")} that could not be read`],
      ["licence", licence ?? "not known to Glyphcast"],
    ],
  };
}

function training({ summary, recipe }: RunReport): CardSection {
  const { schedule, augmentation, weightDecay, labelSmoothing, ema } = recipe;
  return {
    title: "Training procedure",
    rows: [
      [
        "length",
        `${plural(summary.epochs, "epoch")} in batches of ${summary.batchSize}, ${clock(summary.trainSeconds)}`,
      ],
      ["loss", `cross-entropy, labels smoothed by ${labelSmoothing}`],
      ["optimiser", `AdamW, ${inWords(schedule.kind, { ...schedule, kind: undefined })}, weight decay ${weightDecay}`],
      ["kept", `the running average of the weights, decay ${ema.decay}`],
      ["augmentation", inWords("", augmentation)],
    ],
  };
}

/** Below this, chance alone moves the accuracy by a percent or more. */
const FEW_IMAGES = 1000;
/** Classes of such different size are worth a word. */
const UNEVEN = 3;

function caveats({ summary, about }: RunReport): CardSection {
  const { perClass, limit } = about;
  const [fewest, most] = [Math.min(...perClass), Math.max(...perClass)];
  const other = summary.parity.filter(({ argmaxDisagreements }) => argmaxDisagreements > 0);
  const difference = Math.max(...summary.parity.map(({ maxAbsDiff }) => maxAbsDiff));
  return {
    title: "Caveats",
    sentences: [
      other.length === 0
        ? `${summary.parity.map(({ runtime }) => runtime).join(", ")} gave the same answers, probabilities within ${difference.toExponential(1)}.`
        : `The runtimes disagree: ${other.map(({ runtime, argmaxDisagreements }) => `${runtime} on ${count(argmaxDisagreements)}`).join(", ")}.`,
      ...(limit === undefined ? [] : [`Made with --limit ${limit}: a try, on a part of the data.`]),
      ...(summary.testImages < FEW_IMAGES
        ? [`${plural(summary.testImages, "test picture")} say little: mind the interval of the accuracy.`]
        : []),
      ...(most > UNEVEN * fewest
        ? [`Some classes had ${(most / fewest).toFixed(0)} times the pictures of others.`]
        : []),
      "Whether the same picture is in the training and the test data was not looked for here: glyphcast data describe does.",
    ],
  };
}

const loading = ({ about }: RunReport): CardSection => ({
  title: "How to load it",
  sentences: ["From the folder of model.onnx and manifest.json:"],
  code: [
    { title: "Node", language: "js", text: loadIn("node", '"./model"', '"picture.png"') },
    { title: "Web", language: "js", text: loadIn("web", '"/model"', "canvas") },
    {
      title: "Any ONNX Runtime",
      language: "js",
      text: `const { probabilities } = await session.run({ pixels }); // uint8 [n, ${about.imageShape.join(", ")}]`,
    },
  ],
});

const loadIn = (runtime: string, folder: string, picture: string): string =>
  [
    `import { load } from "@glyphcast/runtime-${runtime}";`,
    `const model = await load(${folder});`,
    `const [best] = await model.classify(${picture}); // { label, score, index }`,
  ].join("\n");

/** ("place-digit", { size: 28, box: 20 }) → "place-digit (size 28, box 20)". */
function inWords(name: string, parameters: object): string {
  const parts = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) =>
      typeof value === "object" && !Array.isArray(value) ? inWords(key, value) : `${key} ${[value].flat().join(" ")}`,
    );
  if (name === "") return parts.join("; ");
  return parts.length === 0 ? name : `${name} (${parts.join(", ")})`;
}
