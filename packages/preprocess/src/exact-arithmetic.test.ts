import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Of these ECMAScript fixes every bit; of exp, pow, sin and the like it does not. */
const EXACT = /^Math\.(abs|ceil|floor|max|min)$/;

const sources = readdirSync(import.meta.dirname).filter((file) => /^[\w-]+\.ts$/.test(file));

it.each(sources)("%s uses only arithmetic that every engine rounds the same way", (file) => {
  const text = readFileSync(`${import.meta.dirname}/${file}`, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  const used = text.match(/Math\.\w+|\*\*/g) ?? [];
  expect(used.filter((use) => !EXACT.test(use))).toEqual([]);
});
