import yargs from "yargs";
import { sources } from "./datasets/open-dataset.ts";
import { FITS, type PictureSize } from "./datasets/picture-steps.ts";
import { UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { type RecipeName, recipes } from "./recipes/index.ts";
import type { EngineName } from "./training/engines.ts";
import { version } from "./version.ts";

export interface CommandLine {
  readonly command: (() => Promise<void>) | undefined;
  /** What `--help` or `--version` prints, or "". */
  readonly help: string;
}

/** What the command line asks for: a command to run, or a text to print. @throws UsageError */
export function parseCommandLine(argv: readonly string[], io: Io): CommandLine {
  let command: (() => Promise<void>) | undefined;
  let help = "";
  const parser = yargs()
    .scriptName("glyphcast")
    .option("json", { type: "boolean", default: false, describe: "Write nothing but JSON to standard output" })
    .option("verbose", { type: "boolean", default: false, describe: "Show the stack of an error" })
    .usage("$0 <command>\n\nTrains an image classifier and writes one .onnx file that Node and browsers run alike.")
    .command(
      "train",
      "Train, convert, prove that every runtime agrees, judge",
      (yargs) =>
        yargs
          .usage(
            "$0 train\n\nTrains a network and writes runs/<id>/: the model, its figures, and the proof that they hold.",
          )
          .options(trainOptions)
          .group(Object.keys(trainOptions), "Options:")
          .example("$0 train", "the whole way, in a minute or two")
          .example("$0 train --seed 7 --epochs 6", "another seed, longer")
          .example("$0 train --data images:flowers", "a folder of pictures for each class")
          .example("$0 train --data csv:train.csv --epochs 9", "Kaggle's Digit Recognizer")
          .example("$0 train --resume runs", "go on with the newest run that was stopped")
          .example("$0 train --limit 2000 --epochs 1", "a quick try")
          .example("$0 train --publish digits", "also models/digits/<n>, for servers and pages")
          .example("$0 train --json > summary.json", "only the figures, for a script"),
      (args) => {
        command = async () => (await import("./commands/train.ts")).train(args, io);
      },
    )
    .command(
      "evaluate",
      "Judge a model by a dataset's test pictures",
      (yargs) =>
        yargs
          .usage("$0 evaluate\n\nClassifies a dataset's test pictures: accuracy, errors, and recall of each class.")
          .options(evaluateOptions)
          .group(Object.keys(evaluateOptions), "Options:")
          .example("$0 evaluate", "the newest run's model on MNIST's 10,000 test pictures")
          .example("$0 evaluate --model models/digits/1 --json", "a published model, as JSON")
          .example("$0 evaluate --strangers idx:fashion-mnist", "are clothes rejected?")
          .example("$0 evaluate --stress", "also on damaged pictures, and drawn on a canvas"),
      (args) => {
        command = async () => (await import("./commands/evaluate.ts")).evaluate(args, io);
      },
    )
    .command(
      "predict [image..]",
      "Say what is on pictures",
      (yargs) =>
        yargs
          .usage("$0 predict [image..]\n\nSays what is on each picture: any size, dark on light or light on dark.")
          .positional("image", {
            type: "string",
            array: true,
            describe: "Files, folders, globs",
          })
          .options(predictOptions)
          .group(Object.keys(predictOptions), "Options:")
          .example("$0 predict seven.png", "what the newest run's model reads")
          .example("$0 predict *.jpg scans/ --top-k 1 --json", "a line of JSON for each picture")
          .example("find . -name '*.png' | $0 predict --stdin", "the pictures of a list"),
      (args) => {
        command = async () => (await import("./commands/predict.ts")).predict(args, io);
      },
    )
    .command(
      "submit",
      "Answer a competition's test file",
      (yargs) =>
        yargs
          .usage("$0 submit\n\nReads the pictures of a CSV file and writes ImageId,Label as Kaggle wants it.")
          .options(submitOptions)
          .group(Object.keys(submitOptions), "Options:")
          .example("$0 submit --model runs/latest/model --test test.csv --out submission.csv", "Digit Recognizer"),
      (args) => {
        command = async () => (await import("./commands/submit.ts")).submit(args, io);
      },
    )
    .command(
      "report [run]",
      "Make a run's report anew",
      (yargs) =>
        yargs
          .usage(
            "$0 report [run]\n\nMakes report.html and plots/ of a run from its report.json, and says where they are.",
          )
          .positional("run", { type: "string", describe: "The run's folder [default: the newest run]" })
          .example("$0 report runs/latest", "after an update of glyphcast"),
      (args) => {
        command = async () => (await import("./commands/report.ts")).report(args, io);
      },
    )
    .command(
      "compare <run..>",
      "Set runs side by side",
      (yargs) =>
        yargs
          .usage("$0 compare <run..>\n\nSets the figures of runs side by side.")
          .positional("run", { type: "string", array: true, demandOption: true, describe: "The folders of runs" })
          .example("$0 compare runs/2026-*", "all runs of a year"),
      (args) => {
        command = async () => (await import("./commands/compare.ts")).compare(args, io);
      },
    )
    .command("data", "Look at data", (yargs) =>
      yargs
        .usage("$0 data <command>\n\nLooks at data before it is trained on.")
        .command(
          "describe <source>",
          "Say what is in a dataset",
          (yargs) =>
            yargs
              .usage(
                "$0 data describe <source>\n\nCounts pictures per class and split, duplicates, and empty pictures.",
              )
              .positional("source", { type: "string", demandOption: true, describe: "As --data of train takes it" })
              .options(describeOptions)
              .group(Object.keys(describeOptions), "Options:")
              .example("$0 data describe images:flowers --sheet flowers.png", "and look at them"),
          (args) => {
            command = async () => (await import("./commands/data-describe.ts")).dataDescribe(args, io);
          },
        )
        .demandCommand(1, "No command given after data."),
    )
    .demandCommand(1, "No command given.")
    .strict()
    .recommendCommands()
    .help("help", "Show this help")
    .version("version", "Show the version", version)
    .alias("help", "h")
    .updateStrings({ "Options:": "With every command:" })
    .wrap(Math.min(100, io.stdout.columns ?? 100))
    .detectLocale(false)
    .check(refuseRepeated)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof UsageError ? error : new UsageError(message ?? error.message);
    });
  parser.parse([...argv], {}, (_error, _args, output) => {
    help = withoutTypes(output);
  });
  return { command: help === "" ? command : undefined, help };
}

/** The types that yargs adds tell nothing that the descriptions do not. */
const withoutTypes = (help: string): string =>
  help
    .replaceAll(/\[(string|boolean|array)\]( \[default: false\])?/g, (match) => " ".repeat(match.length))
    .replaceAll(/ +$/gm, "");

const text = { type: "string", requiresArg: true } as const;

const dataOption = {
  type: "string",
  default: "mnist",
  requiresArg: true,
  describe: `The pictures: ${Object.values(sources)
    .map(({ form }) => form)
    .join(", ")}`,
} as const;

const modelOption = {
  type: "string",
  requiresArg: true,
  describe: "The folder of model.onnx and manifest.json, or of a run [default: the newest run]",
} as const;

const deviceOption = {
  choices: ["auto", "cpu", "cuda", "webgpu"],
  default: "auto",
  describe: "What to run on; auto takes the best there is",
} as const;

/** yargs makes an array of an option that is given twice; only pictures may be many. */
function refuseRepeated(args: Readonly<Record<string, unknown>>): true {
  const repeated = Object.keys(args).find(
    (name) => Array.isArray(args[name]) && name !== "_" && name !== "image" && name !== "run",
  );
  if (repeated !== undefined) throw new UsageError(`--${repeated} is given more than once.`);
  return true;
}

/** A whole number of at least `least`; yargs alone would take 1.5, and NaN for "many". */
function wholeNumber(name: string, least: number) {
  return {
    type: "string",
    requiresArg: true,
    coerce: (text: string): number => {
      const value = Number(text);
      if (text === "" || !Number.isSafeInteger(value) || value < least)
        throw new UsageError(`--${name} is "${text}", expected a whole number of at least ${least}.`);
      return value;
    },
  } as const;
}

/** A fraction below 1. */
function fraction(name: string) {
  return {
    type: "string",
    requiresArg: true,
    coerce: (given: string | number): number => {
      const value = Number(given);
      if (given === "" || !(value >= 0 && value < 1))
        throw new UsageError(`--${name} is "${given}", expected a fraction from 0 to below 1, such as 0.1.`);
      return value;
    },
  } as const;
}

function parseSize(text: string): PictureSize {
  const [, width, height = width] = /^(\d{1,4})(?:x(\d{1,4}))?$/.exec(text) ?? [];
  const size = { width: Number(width), height: Number(height) };
  if (!(size.width >= 1 && size.height >= 1 && Math.max(size.width, size.height) <= 1024))
    throw new UsageError(`--size is "${text}", expected pixels from 1 to 1024, as in 32 or 48x32.`);
  return size;
}

const pictureOptions = {
  size: { type: "string", requiresArg: true, coerce: parseSize, describe: "Pixels to bring pictures to, 32 or 48x32" },
  fit: { choices: FITS, describe: "How pictures come to that size; digit places ink as MNIST does" },
  grey: { type: "boolean", describe: "One level a pixel instead of colour" },
  strict: { type: "boolean", default: false, describe: "Stop at a picture that cannot be read" },
} as const;

const trainOptions = {
  data: { ...text, describe: `${dataOption.describe} [default: mnist]` },
  ...pictureOptions,
  recipe: {
    choices: Object.keys(recipes) as RecipeName[],
    describe: "Network and schedule [default: images for images:DIR, digits otherwise]",
  },
  model: { ...text, describe: "A network of your own: TF.js's .json, or a .mjs that exports build()" },
  engine: {
    choices: ["onnxruntime", "tfjs"] as const satisfies readonly EngineName[],
    describe: "What takes the steps [default: onnxruntime]; tfjs needs @tensorflow/tfjs-node, and is slower",
  },
  force: {
    type: "boolean",
    default: false,
    describe: "With --engine tfjs: train in plain JavaScript where tfjs-node does not load",
  },
  seed: { ...wholeNumber("seed", 0), describe: "The same seed gives the same weights, bit for bit [default: 1]" },
  epochs: { ...wholeNumber("epochs", 1), describe: "Times through the pictures, instead of the recipe's" },
  "batch-size": { ...wholeNumber("batch-size", 1), describe: "Pictures to a step, instead of the recipe's" },
  validation: {
    ...fraction("validation"),
    describe: "The fraction of the training pictures to hold out [default: 1/12]; 0 trains on all of them",
  },
  calibration: {
    ...text,
    describe:
      "Take temperature and reject threshold from this finished run of the same recipe, instead of fitting them",
  },
  limit: { ...wholeNumber("limit", 1), describe: "At most N pictures of each split, for a quick try" },
  resume: { ...text, describe: "Go on with an interrupted run, or the newest one of a folder" },
  out: { ...text, default: "runs", describe: "The folder that holds the runs" },
  publish: { ...text, describe: "Also add the model to models/NAME, as its next version" },
  models: { ...text, default: "models", describe: "The folder of published models" },
} as const;

const sheetOption = { sheet: { ...text, describe: "Write a contact sheet to this PNG file" } } as const;
const describeOptions = { ...pictureOptions, ...sheetOption } as const;

const submitOptions = {
  model: modelOption,
  device: deviceOption,
  test: { ...text, demandOption: true, describe: "The CSV file of pictures without labels" },
  out: { ...text, demandOption: true, describe: "The CSV file to write" },
} as const;

const evaluateOptions = {
  model: modelOption,
  data: dataOption,
  device: deviceOption,
  limit: { ...wholeNumber("limit", 1), describe: "At most N pictures, for a quick look" },
  strangers: { ...text, describe: "Also pictures of no class, as --data names them: are they rejected?" },
  stress: { type: "boolean", default: false, describe: "Also read pictures of ink damaged, and drawn on a canvas" },
} as const;

const predictOptions = {
  model: modelOption,
  device: deviceOption,
  stdin: { type: "boolean", default: false, describe: "Read paths of pictures from standard input, a line each" },
  "top-k": { ...wholeNumber("top-k", 1), default: 3, describe: "How many answers to give for a picture" },
} as const;
