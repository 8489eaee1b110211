import { isObject } from "../config.ts";
import type { ModelOptions } from "../convert-model.ts";
import { channelsSecond, inverse } from "../layout.ts";
import { type Answer, permuted, softmax } from "./answer.ts";

/** What the converter changed about the model's inputs and outputs. `softmax`: whether it appended one. */
export type Contract = Pick<
  ModelOptions,
  "classifier" | "inputLayout" | "outputLayout" | "plugins" | "signature" | "softmax" | "uint8Input"
>;

const NCHW = [0, 3, 1, 2];

/** What TF.js has to be given, for what the .onnx is given. `shape`: as TF.js declares the input. */
export function asTfjs(
  { shape: given, data: elements }: Answer,
  shape: readonly (number | null)[] | undefined,
  { uint8Input, inputLayout }: Contract,
  channelsFirst: boolean,
): Answer {
  const data = uint8Input
    ? Float32Array.from(elements, (pixel) => pixel * uint8Input.scale + uint8Input.offset)
    : elements;
  const channel = channelsFirst ? 1 : 3;
  // Bytes of one channel come without their channel axis.
  if (uint8Input && shape?.length === given.length + 1) return { shape: given.toSpliced(channel, 0, 1), data };
  return inputLayout === "nchw" && given.length === 4
    ? permuted({ shape: given, data }, inverse(channelsSecond(4, channel)))
    : { shape: given, data };
}

/** What an output has to be. */
export interface Expectation {
  readonly answer: Answer;
  /** What is done to the output first, where the model leaves something about it open. */
  readonly through?: (found: Answer) => Answer;
}

/** What each output has to be, from what TF.js answers. `names`: the .onnx file's outputs. */
export function expectationOf(
  names: readonly string[],
  answers: readonly Answer[],
  { classifier, softmax: appended, outputLayout }: Contract,
): ReadonlyMap<string, Expectation> {
  if (classifier) {
    const { temperature = 1 } = classifier === true ? {} : classifier;
    return classesOf(answers[0]!, temperature);
  }
  const laidOut = (answer: Answer): Answer =>
    outputLayout === "nchw" && answer.shape.length === 4 ? permuted(answer, NCHW) : answer;
  const finished = (answer: Answer): Answer => (appended ? softmax(answer) : answer);
  return new Map(names.map((name, i) => [name, { answer: laidOut(finished(answers[i]!)) }]));
}

/** Where the model ends in a softmax, its logits are known but for a constant per row: they are compared after one. */
function classesOf(answer: Answer, temperature: number): ReadonlyMap<string, Expectation> {
  const ended = isDistribution(answer);
  const logits = ended ? { ...answer, data: Float32Array.from(answer.data, Math.log) } : answer;
  const probabilities = softmax(logits, temperature);
  const [rows = 0, width = 0] = answer.shape;
  const largest = Float32Array.from({ length: rows }, (_, row) =>
    Math.max(0, ...Array.from({ length: width }, (_, i) => probabilities.data[row * width + i]!)),
  );
  return new Map<string, Expectation>([
    ["logits", { answer, ...(ended && { through: (found: Answer) => softmax(found) }) }],
    ["probabilities", { answer: probabilities }],
    ["confidence", { answer: { shape: [rows], data: largest } }],
  ]);
}

/** Whether every row is a distribution already: the model ends in a softmax of its own. */
export function isDistribution({ shape, data }: Answer): boolean {
  const width = shape.at(-1) ?? 1;
  if (data.length === 0) return false;
  for (let row = 0; row < data.length; row += width) {
    const values = Array.from(data.subarray(row, row + width));
    const sum = values.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 1) > 1e-3 || values.some((value) => value < 0)) return false;
  }
  return true;
}

/** Whether the model's images have their channels first, as some layers of Keras models say. */
export function isChannelsFirst(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isChannelsFirst);
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([key, item]) => (/^data_?format$/i.test(key) && /^channels_?first$/i.test(`${item}`)) || isChannelsFirst(item),
  );
}
