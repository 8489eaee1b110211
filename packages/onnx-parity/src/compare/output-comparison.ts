import type { Tensor } from "@glyphcast/onnx";
import { compareDecisions, type Decisions, TIE_MARGIN } from "./decisions.ts";
import { FLOATS, floatsOf, ulpsBetween } from "./floats.ts";
import type { Tolerance } from "./tolerance.ts";

export interface Worst {
  /** Which of the runs, from 0. */
  readonly run: number;
  readonly index: readonly number[];
  readonly actual: string;
  readonly expected: string;
}

/** One output of one runtime against the reference's, over all runs. */
export interface OutputReport {
  readonly output: string;
  readonly dtype: string;
  /** Of the first run. */
  readonly shape: readonly number[];
  readonly agrees: boolean;
  /** What is wrong, in words; empty when it agrees. */
  readonly problems: readonly string[];
  readonly elements: number;
  /** Elements that are not bit for bit equal; -0 and 0 are. */
  readonly differing: number;
  /** Elements past the tolerance. */
  readonly beyond: number;
  /** Elements where one side is NaN or infinite and the other is not, or otherwise so. */
  readonly nonFinite: number;
  readonly maxAbs: number;
  readonly meanAbs: number;
  /** The largest difference in proportion to the largest absolute value of the reference's output in that run. */
  readonly maxRel: number;
  readonly cosine: number;
  /** In dB, against the output's scale; infinite where both are equal. */
  readonly psnr: number;
  /** How many elements lie 0, 1, 2–3, 4–15, 16–255 and more representable numbers apart. */
  readonly ulps: readonly number[];
  readonly tolerance: Tolerance;
  /** What would have passed: either of the two, alone. Absent where no tolerance would. */
  readonly needed?: Tolerance;
  readonly worst?: Worst;
  /** Absent where the output is no [rows, classes] of floats. */
  readonly decisions?: Decisions;
}

export const ULP_BOUNDS = [0, 1, 3, 15, 255] as const;

export interface Rule extends Tolerance {
  /** What `rtol` is a part of: the largest absolute value of the output, or as in NumPy the element itself. */
  readonly relativeTo: "scale" | "element";
  /** Classes are compared, too. */
  readonly decisions: boolean;
  /** An output without elements agrees with another one. */
  readonly emptyAgrees?: boolean;
}

/** Gathers what there is to say about one output, run after run; it keeps no tensor. */
export class OutputComparison {
  readonly #output: string;
  readonly #rule: Rule;
  #runs = 0;
  #dtype = "";
  #shape: readonly number[] = [];
  readonly #problems = new Set<string>();
  #elements = 0;
  #differing = 0;
  #beyond = 0;
  #nonFinite = 0;
  #maxAbs = 0;
  #sumAbs = 0;
  #sumSquares = 0;
  #maxRel = 0;
  #neededRtol = 0;
  #scale = 0;
  #products = { both: 0, ours: 0, theirs: 0 };
  readonly #ulps = [0, 0, 0, 0, 0, 0];
  #worst: Worst | undefined;
  #decisions: Decisions | undefined;

  constructor(output: string, rule: Rule) {
    this.#output = output;
    this.#rule = rule;
  }

  /** Takes in one run's tensors; undefined is an output that is not there. */
  add(actual: Tensor | undefined, expected: Tensor | undefined): void {
    const run = this.#runs++;
    if (!actual || !expected) {
      this.#problems.add(actual ? "the reference has no such output" : "there is no such output");
      return;
    }
    if (run === 0) [this.#dtype, this.#shape] = [expected.dtype, expected.shape];
    if (actual.dtype !== expected.dtype) {
      this.#problems.add(`is ${actual.dtype}, expected ${expected.dtype}`);
      return;
    }
    if (actual.shape.join() !== expected.shape.join()) {
      this.#problems.add(`has the shape [${actual.shape}], expected [${expected.shape}]`);
      return;
    }
    this.#elements += expected.data.length;
    if (FLOATS.has(expected.dtype)) this.#addFloats(run, actual, expected);
    else this.#addExact(run, actual, expected);
  }

  #addExact(run: number, actual: Tensor, expected: Tensor): void {
    for (let i = 0; i < expected.data.length; i++) {
      const [a, e] = [actual.data[i]!, expected.data[i]!];
      if (a === e) continue;
      this.#differing++;
      this.#beyond++;
      const difference = typeof e === "string" ? 1 : Math.abs(Number(a) - Number(e));
      if (this.#worst && difference <= this.#maxAbs) continue;
      this.#maxAbs = difference;
      this.#worst = { run, index: placeOf(i, expected.shape), actual: `${a}`, expected: `${e}` };
    }
  }

  #addFloats(run: number, actual: Tensor, expected: Tensor): void {
    const [ours, theirs] = [floatsOf(actual), floatsOf(expected)];
    const ulps = ulpsBetween(actual);
    const scale = largestFinite(theirs);
    this.#scale = Math.max(this.#scale, scale);
    const { atol, rtol, relativeTo } = this.#rule;
    for (let i = 0; i < theirs.length; i++) {
      const [a, e] = [ours[i]!, theirs[i]!];
      if (!Number.isFinite(a) || !Number.isFinite(e)) {
        if (Object.is(a, e)) this.#ulps[0]!++;
        else this.#keepNonFinite(run, i, a, e, expected.shape);
        continue;
      }
      this.#products.both += a * e;
      this.#products.ours += a * a;
      this.#products.theirs += e * e;
      if (a === e) {
        this.#ulps[0]!++;
        continue;
      }
      const difference = Math.abs(a - e);
      const base = relativeTo === "scale" ? scale : Math.abs(e);
      this.#differing++;
      this.#sumAbs += difference;
      this.#sumSquares += difference ** 2;
      this.#maxRel = Math.max(this.#maxRel, difference / scale);
      this.#neededRtol = Math.max(this.#neededRtol, difference / base);
      this.#ulps[bucketOf(ulps(expected, i))]!++;
      // NumPy adds the two; against the scale, either is enough.
      const allowed = relativeTo === "element" ? atol + rtol * base : Math.max(atol, rtol * base);
      if (difference > allowed) this.#beyond++;
      if (difference > this.#maxAbs) {
        this.#maxAbs = difference;
        if (this.#nonFinite === 0)
          this.#worst = { run, index: placeOf(i, expected.shape), actual: `${a}`, expected: `${e}` };
      }
    }
    this.#decide(ours, theirs, expected.shape, scale);
  }

  #keepNonFinite(run: number, index: number, a: number, e: number, shape: readonly number[]): void {
    this.#differing++;
    this.#ulps[5]!++;
    if (this.#nonFinite++ === 0) this.#worst = { run, index: placeOf(index, shape), actual: `${a}`, expected: `${e}` };
  }

  #decide(ours: ArrayLike<number>, theirs: ArrayLike<number>, shape: readonly number[], scale: number): void {
    const classes = shape[1] ?? 0;
    if (!this.#rule.decisions || shape.length !== 2 || classes < 2) return;
    const found = compareDecisions(ours, theirs, classes, TIE_MARGIN * scale);
    const before = this.#decisions;
    this.#decisions = before
      ? {
          rows: before.rows + found.rows,
          flips: before.flips + found.flips,
          ties: before.ties + found.ties,
          topKDiffers: before.topKDiffers + found.topKDiffers,
          k: found.k,
          widestMargin: Math.max(before.widestMargin, found.widestMargin),
        }
      : found;
  }

  report(): OutputReport {
    const { both, ours, theirs } = this.#products;
    const problems = [...this.#problems];
    const decisions = this.#decisions;
    if (this.#runs === 0 || (this.#elements === 0 && problems.length === 0 && !this.#rule.emptyAgrees))
      problems.push("there was nothing to compare");
    if (this.#nonFinite > 0) problems.push(`${this.#nonFinite} elements are NaN or infinite on one side only`);
    if (this.#beyond > 0) problems.push(`${this.#beyond} of ${this.#elements} elements differ by more than allowed`);
    if (decisions && decisions.flips > 0)
      problems.push(`the largest stands elsewhere in ${decisions.flips} of ${decisions.rows} rows`);
    const repairable = this.#beyond > 0 && this.#nonFinite === 0 && FLOATS.has(this.#dtype);
    return {
      output: this.#output,
      dtype: this.#dtype,
      shape: this.#shape,
      agrees: problems.length === 0,
      problems,
      elements: this.#elements,
      differing: this.#differing,
      beyond: this.#beyond,
      nonFinite: this.#nonFinite,
      maxAbs: this.#maxAbs,
      meanAbs: this.#elements === 0 ? 0 : this.#sumAbs / this.#elements,
      maxRel: this.#maxRel,
      cosine: ours === 0 && theirs === 0 ? 1 : both / Math.sqrt(ours * theirs),
      psnr: 20 * Math.log10(this.#scale / Math.sqrt(this.#sumSquares / this.#elements)),
      ulps: [...this.#ulps],
      tolerance: { atol: this.#rule.atol, rtol: this.#rule.rtol },
      ...(repairable && { needed: { atol: roundUp(this.#maxAbs), rtol: roundUp(this.#neededRtol) } }),
      ...(this.#worst && { worst: this.#worst }),
      ...(decisions && { decisions }),
    };
  }
}

function largestFinite(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

function bucketOf(ulps: number): number {
  const bucket = ULP_BOUNDS.findIndex((bound) => ulps <= bound);
  return bucket < 0 ? ULP_BOUNDS.length : bucket;
}

/** To two digits, never down: what is printed has to pass when it is given back. */
function roundUp(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const rounded = Number(value.toExponential(1));
  return rounded >= value ? rounded : Number((rounded + 10 ** (Math.floor(Math.log10(rounded)) - 1)).toExponential(1));
}

function placeOf(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((dim) => {
      const at = rest % dim;
      rest = Math.floor(rest / dim);
      return at;
    })
    .reverse();
}
