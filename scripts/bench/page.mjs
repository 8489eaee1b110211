import { rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** @param {readonly number[]} numbers */
export const mean = (numbers) => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

/** Empty where there is no figure. @param {number | undefined} fraction @param {number} [digits] */
export const percent = (fraction, digits = 2) =>
  fraction === undefined ? "" : `${(100 * fraction).toFixed(digits)} %`;

/** Writes docs/NAME whole, or leaves the one there as it is. @param {string} name @param {string} text */
export async function writePage(name, text) {
  const file = fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
  await writeFile(`${file}.partial`, text);
  await rename(`${file}.partial`, file);
}
