import { RUNTIMES, type RuntimeName } from "../target/runtimes.ts";

/** A difference passes when it is at most `atol`, or at most `rtol` of what `Rule.relativeTo` says. */
export interface Tolerance {
  readonly atol: number;
  readonly rtol: number;
}

/** What was asked for: for every output, and for some by name. What is not given comes from the presets. */
export interface Tolerances extends Partial<Tolerance> {
  readonly outputs?: Readonly<Record<string, Partial<Tolerance>>>;
}

interface Preset extends Tolerance {
  readonly reason: string;
}

const EXACT: Preset = { atol: 0, rtol: 0, reason: "not floating point: equal or not" };

/** By execution provider and element type. Integers, booleans and strings are always compared exactly. */
export const PRESETS: Readonly<Record<string, Readonly<Record<string, Preset>>>> = {
  cpu: {
    float64: { atol: 0, rtol: 1e-12, reason: "sums in another order, at 2⁻⁵³" },
    float32: { atol: 0, rtol: 1e-5, reason: "sums in another order, at 2⁻²⁴: about 1e-7 per layer, through dozens" },
    float16: { atol: 0, rtol: 1e-2, reason: "results round to 11 bits, 5e-4, and some kernels sum in 32 bits" },
  },
  gpu: {
    float64: { atol: 0, rtol: 1e-3, reason: "computed in 32 bits, where a GPU has no 64" },
    float32: { atol: 0, rtol: 1e-3, reason: "a GPU's exp, division and fused multiply-add round otherwise" },
    float16: { atol: 0, rtol: 2e-2, reason: "the GPU sums in 16 bits too" },
  },
};

/** The preset for a comparison of one runtime with another: that of the less exact of the two. */
export function presetOf(runtimes: readonly RuntimeName[], dtype: string): Preset {
  const gpu = runtimes.some((name) => ["webgpu", "cuda"].includes(RUNTIMES[name].provider));
  return PRESETS[gpu ? "gpu" : "cpu"]![dtype] ?? EXACT;
}

/** What an output is held to. One that is given alone is meant alone: the other is then 0. */
export function toleranceOf(
  output: string,
  dtype: string,
  runtimes: readonly RuntimeName[],
  { outputs = {}, ...all }: Tolerances,
): Tolerance {
  const preset = presetOf(runtimes, dtype);
  if (preset === EXACT) return EXACT;
  const given = Object.hasOwn(outputs, output) ? { ...all, ...outputs[output] } : all;
  if (given.atol === undefined && given.rtol === undefined) return preset;
  return { atol: given.atol ?? 0, rtol: given.rtol ?? 0 };
}
