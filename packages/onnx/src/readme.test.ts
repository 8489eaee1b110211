import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const run = promisify(execFile);
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

it("the README's example prints what the README says", async () => {
  const readme = await readFile(path("../README.md"), "utf8");
  const [, code, output] = /```ts\n(.*?)```\n\n```\n(.*?)```/s.exec(readme)!;
  const folder = await mkdtemp(join(tmpdir(), "readme-"));
  try {
    const file = join(folder, "example.ts");
    await writeFile(file, code!);
    const { stdout } = await run(process.execPath, ["--import", path("../../../test/typescript.mjs"), file]);
    expect(stdout).toBe(output);
  } finally {
    await rm(folder, { recursive: true });
  }
});
