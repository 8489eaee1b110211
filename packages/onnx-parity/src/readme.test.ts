import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { PRESETS } from "./compare/tolerance.ts";

it("gives the tolerances that hold, and their reasons", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const rows = readme.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  for (const [kind, types] of Object.entries(PRESETS))
    for (const [dtype, { rtol, reason }] of Object.entries(types))
      expect(rows).toContainEqual(["", kind.toUpperCase(), dtype, rtol.toExponential(), reason, ""]);
});
