import yargs from "yargs";
import type { FileRequest } from "./convert-file.ts";
import { UsageError } from "./errors.ts";
import { VERSION } from "./version.ts";

/** What the command line asks for: a conversion, or a text to print. @throws UsageError */
export function parse(argv: readonly string[], columns = 100): (FileRequest & { readonly json: boolean }) | string {
  let text = "";
  const args = yargs()
    .scriptName("tfjs-to-onnx")
    .usage(
      "$0 <model> -o <model.onnx>\n\nConverts a TensorFlow.js model to one .onnx file, and compares what the two answer.",
    )
    .command("$0 <model>", false, (command) =>
      command.positional("model", {
        type: "string",
        demandOption: true,
        describe: "model.json with its weights beside it, the folder of both, or a URL",
      }),
    )
    .options({ ...file, ...ends, ...comparison, ...rest })
    .group(Object.keys(file), "The file:")
    .group(Object.keys(ends), "Inputs and outputs:")
    .group(Object.keys(comparison), "The comparison with TF.js:")
    .example("$0 web/model.json -o model.onnx", "inputs and outputs named as the layers")
    .example("$0 model.json -o digits.onnx --uint8-input 1/255,0 --classifier", "bytes in, probabilities out")
    .example("$0 https://example.org/m/model.json -o m.onnx --json", "from a server, a summary for a script")
    .epilogue("Exit codes: 0 converted, 1 the answers differ or cannot be compared, 2 bad usage or input.")
    .strict()
    .help("help", "Show this help")
    .version("version", "Show the version", VERSION)
    .alias("help", "h")
    .wrap(Math.min(100, columns))
    .detectLocale(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error instanceof UsageError ? error : new UsageError(message ?? error.message);
    })
    .parseSync([...argv], {}, (_error, _args, output) => {
      text = output;
    });
  if (text !== "") return text;
  const { model, output, classifier, temperature, uint8Input, name, metadata, json, shape, signature } = args;
  const { inputLayout, outputLayout, opset, softmax } = args;
  if (softmax && classifier) throw new UsageError("--classifier has a softmax of its own; leave out --softmax.");
  if (temperature !== undefined && !classifier) throw new UsageError("--temperature needs --classifier.");
  const { verify, weights, seed = 1, debug } = args;
  const { tolerance = weights === "float16" ? HALF_TOLERANCE : DEFAULT_TOLERANCE } = args;
  return {
    model: model as string,
    output,
    json,
    plugins: [args.plugin ?? []].flat(),
    ...(args.sha256 !== undefined && { sha256: args.sha256 }),
    options: {
      classifier: classifier && { ...(temperature !== undefined && { temperature }) },
      inputLayout,
      outputLayout,
      softmax,
      ...(opset !== undefined && { opset }),
      weights,
      ...(shape && { shapes: shape }),
      ...(signature !== undefined && { signature }),
      ...(metadata && { metadata }),
      ...(uint8Input && { uint8Input }),
      ...(name !== undefined && { name }),
    },
    // A tolerance that was asked for stands, whatever rounding does to TF.js's own answer.
    verify: verify && { tolerance, strict: args.tolerance !== undefined, seed, debug },
  };
}

const DEFAULT_TOLERANCE = 1e-4;

/** Half-precision weights are off by up to 5e-4 of their size each, which is what was asked for. */
const HALF_TOLERANCE = 1e-2;

const file = {
  output: {
    alias: "o",
    type: "string",
    demandOption: true,
    requiresArg: true,
    describe: "The file to write; it appears whole or not at all",
  },
  opset: {
    type: "string",
    requiresArg: true,
    coerce: opsetOf,
    describe: "The ONNX operator set to write, 13 to 21 [default: 17]",
  },
  weights: {
    choices: ["float32", "float16", "keep"] as const,
    default: "float32" as const,
    describe:
      "Store weights as float32, rounded to float16, or quantised as TF.js has them; float32 and keep are exact",
  },
  sha256: {
    type: "string",
    requiresArg: true,
    coerce: sha256Of,
    describe: "Refuse the model unless model.json and its shards, one after another, have this hash",
  },
  plugin: {
    type: "string",
    requiresArg: true,
    describe: "A module with layers or ops of your own; may be given many times",
  },
  name: { type: "string", requiresArg: true, describe: "The graph's name [default: the model's]" },
  metadata: {
    type: "string",
    requiresArg: true,
    coerce: pairsOf,
    describe: "KEY=VALUE to write into the file; may be given many times",
  },
} as const;

const ends = {
  shape: {
    type: "string",
    requiresArg: true,
    coerce: shapesOf,
    describe: "Fix an input's extents, as in input=1,224,224,3; ? leaves one open",
  },
  "input-layout": { choices: ["nhwc", "nchw"] as const, default: "nhwc" as const, describe: "How images come in" },
  "output-layout": { choices: ["nhwc", "nchw"] as const, default: "nhwc" as const, describe: "How images come out" },
  signature: { type: "string", requiresArg: true, describe: "Which of a GraphModel's signatures to take" },
  softmax: { type: "boolean", default: false, describe: "Append a softmax, unless the model ends in one" },
  "uint8-input": {
    type: "string",
    requiresArg: true,
    coerce: scaleAndOffset,
    describe: "Take bytes called pixels and compute pixels·SCALE + OFFSET first, as in 1/255,0",
  },
  classifier: {
    type: "boolean",
    default: false,
    describe: "Output logits, probabilities and confidence, the largest of them",
  },
  temperature: {
    type: "string",
    requiresArg: true,
    coerce: temperatureOf,
    describe: "Divide the logits by this before the softmax",
  },
} as const;

const comparison = {
  verify: {
    type: "boolean",
    default: true,
    describe: "Run TF.js and onnxruntime on the same inputs; --no-verify skips it",
  },
  tolerance: {
    type: "string",
    requiresArg: true,
    coerce: toleranceOf,
    describe: `How far apart outputs may be, as a part of their scale [default: 1e-4, for float16 weights 1e-2]`,
  },
  seed: { type: "string", requiresArg: true, coerce: seedOf, describe: "What the inputs are drawn from [default: 1]" },
  debug: { type: "boolean", default: false, describe: "Where they differ, find the first layer or op to do so" },
} as const;

const rest = {
  json: { type: "boolean", default: false, describe: "Print everything that is known as JSON" },
  verbose: { type: "boolean", default: false, describe: "Show the stack of an error" },
} as const;

/** `0.5` or `1/255`. */
function numberOf(text: string): number {
  const [numerator = "", denominator = "1", ...others] = text.split("/").map((part) => part.trim());
  return numerator === "" || denominator === "" || others.length > 0
    ? Number.NaN
    : Number(numerator) / Number(denominator);
}

function scaleAndOffset(text: string): { scale: number; offset: number } {
  const [scale = Number.NaN, offset = 0, ...others] = text.split(",").map(numberOf);
  if (!Number.isFinite(scale) || !Number.isFinite(offset) || others.length > 0)
    throw new UsageError(`--uint8-input is "${text}", expected SCALE,OFFSET as in 1/255,0.`);
  return { scale, offset };
}

const above0 =
  (option: string) =>
  (text: string): number => {
    const value = numberOf(text);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new UsageError(`${option} is "${text}", expected a number above 0.`);
  };

function opsetOf(text: string): number {
  const opset = Number(text);
  if (Number.isSafeInteger(opset)) return opset;
  throw new UsageError(`--opset is "${text}", expected a number from 13 to 21.`);
}

function sha256Of(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new UsageError(`--sha256 is "${text}", expected 64 hexadecimal digits.`);
}

function temperatureOf(text: string): number {
  return above0("--temperature")(text);
}

function toleranceOf(text: string): number {
  return above0("--tolerance")(text);
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(seed)) return seed;
  throw new UsageError(`--seed is "${text}", expected an integer.`);
}

function pairsOf(given: string | readonly string[]): Record<string, string> {
  const pairs = [given].flat().map((pair): [string, string] => {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`--metadata is "${pair}", expected KEY=VALUE.`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

/** `input=1,224,224,3`, the extents alone for a model of one input, or `ratio=` for a single number. */
function shapesOf(given: string | readonly string[]): Record<string, readonly (number | null)[]> {
  const shapes = [given].flat().map((text): [string, readonly (number | null)[]] => {
    const [, name = "", list = ""] = /^(?:(.*)=)?(.*)$/.exec(text) ?? [];
    const dims = (list === "" && name !== "" ? [] : list.split(",")).map((dim) =>
      dim.trim() === "?" ? null : Number(dim.trim() || Number.NaN),
    );
    if (!dims.every((dim) => dim === null || (Number.isSafeInteger(dim) && dim > 0)))
      throw new UsageError(`--shape is "${text}", expected NAME=1,224,224,3.`);
    return [name, dims];
  });
  return Object.fromEntries(shapes);
}
