import type { Emitter } from "../emitter.ts";
import { type Rule, rule, type Site } from "../rule.ts";
import { identityOf } from "./linear-map.ts";
import { unbroadcast } from "./unbroadcast.ts";

/** An equation whose ellipses are written out: one letter for each axis. */
interface Equation {
  readonly terms: readonly string[];
  readonly output: string;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function equationOf({ shape, attribute }: Site): Equation {
  const [left = "", right] = attribute("equation", "").replaceAll(" ", "").split("->");
  const terms = left.split(",");
  const letters = [...left].filter((letter) => ALPHABET.includes(letter));
  const free = [...ALPHABET].filter((letter) => !letters.includes(letter));
  const hidden = terms.map((term, i) => (term.includes("...") ? shape(i).length - (term.length - 3) : 0));
  const most = Math.max(0, ...hidden);
  // Ellipses meet at their ends, as shapes do that broadcast.
  const dots = free.slice(0, most).join("");
  const once = [...new Set(letters)].filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return {
    terms: terms.map((term, i) => term.replace("...", dots.slice(most - hidden[i]!))),
    output: (right ?? `...${once.sort().join("")}`).replace("...", dots),
  };
}

// dA = Einsum(dY, the other operands → the letters of A), for any number of operands
export const Einsum: Rule<void> = rule((site) => {
  const { g, x, dy, shape } = site;
  const { terms, output } = equationOf(site);
  return terms.map((term, i) => {
    const others = [...terms.keys()].filter((other) => other !== i);
    const known = [output, ...others.map((other) => terms[other]!)];
    // A letter that stands in A twice counts once here, one that stands nowhere else not at all.
    const letters = [...new Set(term)].filter((letter) => known.some((other) => other.includes(letter)));
    const equation = `${known.join(",")}->${letters.join("")}`;
    const product = g.op("Einsum", [dy(0), ...others.map((other) => x(other))], { equation });
    return fit(g, product, letters, term, shape(i));
  });
});

/** Brings a product over some letters, each once, to the shape of an operand. */
function fit(g: Emitter, product: string, letters: readonly string[], term: string, shape: readonly number[]): string {
  const first = [...term].map((letter, axis) => (term.indexOf(letter) === axis ? letters.indexOf(letter) : -1));
  const extents = first.map((at) => (at < 0 ? 1 : g.shape(product)[at]!));
  const once = shape.map((extent, axis) => (term.indexOf(term[axis]!) === axis ? extent : 1));
  // What was broadcast is summed, what was summed is repeated.
  const whole = g.expand(
    unbroadcast(
      g,
      g.reshape(product, extents),
      shape.map((extent, axis) => Math.min(extent, extents[axis]!)),
    ),
    once,
  );
  // Of what stands at two axes of the operand, only the diagonal was read.
  return [...term].reduce((gradient, letter, axis) => {
    const partner = term.indexOf(letter);
    if (partner === axis) return gradient;
    const extent = shape[axis]!;
    const diagonal = shape.map((_, at) => (at === axis || at === partner ? extent : 1));
    return g.mul(gradient, g.reshape(identityOf(g, extent), diagonal));
  }, whole);
}
