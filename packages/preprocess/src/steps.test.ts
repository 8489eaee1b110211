import { describe, expect, it } from "vitest";
import { InvalidStepError } from "./errors.ts";
import { digitSteps, parseSteps } from "./steps.ts";

const [luminance, polarity, placeDigit] = digitSteps;
const contain = { step: "contain", width: 8, height: 8, background: 0 };

function refusal(json: unknown): InvalidStepError {
  try {
    parseSteps(json);
  } catch (error) {
    if (error instanceof InvalidStepError) return error;
    throw error;
  }
  throw new Error("the steps were taken");
}

it("takes the steps of a manifest as they went into it", () => {
  expect(parseSteps(JSON.parse(JSON.stringify(digitSteps)))).toEqual(digitSteps);
});

it("takes fewer steps, but luminance first", () => {
  expect(parseSteps([luminance])).toEqual([luminance]);
  expect(parseSteps([luminance, placeDigit])).toEqual([luminance, placeDigit]);
});

describe("refuses, by place and field,", () => {
  const cases: [what: string, json: unknown, index: number | undefined, field: string | undefined, found: string][] = [
    ["what is no list", { step: "luminance" }, undefined, undefined, "an object"],
    ["nothing", undefined, undefined, undefined, "missing"],
    ["an empty list", [], undefined, undefined, "an empty list"],
    ["a list with a hole", [luminance, undefined, polarity], 1, undefined, "missing"],
    ["a step that is text", ["luminance"], 0, undefined, '"luminance"'],
    ["a step that is a list", [[]], 0, undefined, "a list of 0"],
    ["null", [null], 0, undefined, "null"],
    ["a step without a name", [{ paper: [0, 0, 0] }], 0, "step", "missing"],
    ["an unknown step", [luminance, { step: "blur" }], 1, "step", '"blur"'],
    ["a step named like what objects inherit", [{ step: "constructor" }], 0, "step", '"constructor"'],
    ["another step first", [polarity, luminance], 0, "step", '"polarity"'],
    ["colour for what wants ink", [{ step: "color", paper: [0, 0, 0] }, polarity], 1, "step", '"polarity"'],
    ["colour later", [luminance, { step: "color", paper: [0, 0, 0] }], 1, "step", '"color"'],
    ["a fit without its width", [luminance, { step: "cover", height: 8 }], 1, "width", "missing"],
    ["a background that is no level", [luminance, { ...contain, background: 256 }], 1, "background", "256"],
    ["luminance later", [luminance, luminance], 1, "step", '"luminance"'],
    ["no paper", [{ step: "luminance" }], 0, "paper", "missing"],
    ["paper of two numbers", [{ step: "luminance", paper: [0, 0] }], 0, "paper", "a list of 2"],
    ["paper out of range", [{ step: "luminance", paper: [0, 256, 0] }], 0, "paper", "a list of 3"],
    ["an unknown side of the ink", [luminance, { step: "polarity", ink: "blue" }], 1, "ink", '"blue"'],
    ["a size of 0", [luminance, { ...placeDigit, size: 0 }], 1, "size", "0"],
    ["a size that would take all memory", [luminance, { ...placeDigit, size: 1e9 }], 1, "size", "1000000000"],
    ["half a pixel", [luminance, { ...placeDigit, box: 20.5 }], 1, "box", "20.5"],
    ["a threshold that nothing exceeds", [luminance, { ...placeDigit, inkThreshold: 255 }], 1, "inkThreshold", "255"],
    ["NaN", [luminance, { ...placeDigit, inkThreshold: Number.NaN }], 1, "inkThreshold", "NaN"],
    ["a misspelt parameter", [{ ...luminance, papre: [0, 0, 0] }], 0, "papre", "unknown"],
  ];
  it.each(cases)("%s", (_, json, index, field, found) => {
    expect(refusal(json)).toMatchObject({ code: "INVALID_STEP", name: "InvalidStepError", index, field, found });
  });

  it("saying where it stands and how to mend it", () => {
    expect(refusal([luminance, { step: "blur" }]).message).toBe(
      'preprocess[1].step is "blur", expected "luminance" or "color" or "polarity" or "place-digit" or "resize" or "contain" or "cover".\n' +
        "  These steps stand under preprocess in the model's manifest.json; correct them there, or publish the model again.",
    );
  });
});
