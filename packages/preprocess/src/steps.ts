import type { ColorOptions } from "./color.ts";
import { InvalidStepError } from "./errors.ts";
import type { Containment, Size } from "./fit.ts";
import type { LuminanceOptions } from "./luminance.ts";
import type { Placement } from "./place-digit.ts";
import type { PolarityOptions } from "./polarity.ts";

/** One step from a picture to a model's input, as it stands in `manifest.json`. */
export type Step =
  | ({ readonly step: "luminance" } & LuminanceOptions)
  | ({ readonly step: "color" } & ColorOptions)
  | ({ readonly step: "polarity" } & PolarityOptions)
  | ({ readonly step: "place-digit" } & Placement)
  | ({ readonly step: "resize" } & Size)
  | ({ readonly step: "contain" } & Containment)
  | ({ readonly step: "cover" } & Size);

/** What a model trained on MNIST was shown. */
export const digitSteps: readonly Step[] = [
  { step: "luminance", paper: [255, 255, 255] },
  { step: "polarity", ink: "auto" },
  { step: "place-digit", size: 28, box: 20, inkThreshold: 64 },
];

interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

const wholeNumber = (least: number, most: number): Rule => ({
  expected: `a whole number from ${least} to ${most}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});
const colour: Rule = {
  expected: "[red, green, blue], each a whole number from 0 to 255",
  holds: (value) => Array.isArray(value) && value.length === 3 && value.every(wholeNumber(0, 255).holds),
};
const oneOf = (...words: readonly string[]): Rule => ({
  expected: words.map((word) => JSON.stringify(word)).join(" or "),
  holds: (value) => words.includes(value as string),
});

/** The parameters of each step. Sizes are bounded so that no manifest can ask for all of the memory. */
const rules: { readonly [S in Step as S["step"]]: { readonly [Field in Exclude<keyof S, "step">]: Rule } } = {
  luminance: { paper: colour },
  color: { paper: colour },
  polarity: { ink: oneOf("auto", "dark", "light") },
  "place-digit": { size: wholeNumber(1, 4096), box: wholeNumber(1, 4096), inkThreshold: wholeNumber(0, 254) },
  resize: { width: wholeNumber(1, 4096), height: wholeNumber(1, 4096) },
  contain: { width: wholeNumber(1, 4096), height: wholeNumber(1, 4096), background: wholeNumber(0, 255) },
  cover: { width: wholeNumber(1, 4096), height: wholeNumber(1, 4096) },
};

/** What makes bytes of a decoded picture, and so stands first. */
const FIRST: readonly string[] = ["luminance", "color"];
/** What knows ink from paper, and so needs one level a pixel. */
const GREY_ONLY: readonly string[] = ["polarity", "place-digit"];

/**
 * Checks a manifest's `preprocess` list.
 *
 * @throws InvalidStepError that names the step and the field.
 */
export function parseSteps(json: unknown): Step[] {
  if (!Array.isArray(json)) throw new InvalidStepError({}, name(json), "a list of steps");
  if (json.length === 0)
    throw new InvalidStepError({}, "an empty list", `a list that starts with "luminance" or "color"`);
  const steps = Array.from(json as unknown[], parseStep);
  const grey = steps[0]!.step === "color" ? steps.findIndex(({ step }) => GREY_ONLY.includes(step)) : -1;
  if (grey !== -1)
    throw new InvalidStepError(
      { index: grey, field: "step" },
      name(steps[grey]!.step),
      `a step that takes colour; it needs "luminance" first`,
    );
  return steps;
}

function parseStep(json: unknown, index: number): Step {
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new InvalidStepError({ index }, name(json), `an object such as { "step": "luminance", … }`);
  const { step, ...parameters } = json as Record<string, unknown>;
  if (typeof step !== "string" || !Object.hasOwn(rules, step))
    throw new InvalidStepError({ index, field: "step" }, name(step), oneOf(...Object.keys(rules)).expected);
  if (FIRST.includes(step) !== (index === 0))
    throw new InvalidStepError(
      { index, field: "step" },
      name(step),
      index === 0
        ? `"luminance" or "color", one of which all others need before them`
        : "a step after it; the picture is decoded by then",
    );
  const fields = Object.entries<Rule>(rules[step as Step["step"]]);
  for (const [field, { expected, holds }] of fields)
    if (!holds(parameters[field])) throw new InvalidStepError({ index, field }, name(parameters[field]), expected);
  for (const field of Object.keys(parameters))
    if (!fields.some(([known]) => known === field))
      throw new InvalidStepError({ index, field }, "unknown", `only ${fields.map(([known]) => known).join(", ")}`);
  return { step, ...parameters } as Step;
}

/** What was found, in few enough words for a message. */
function name(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return value === undefined ? "missing" : String(value);
}
