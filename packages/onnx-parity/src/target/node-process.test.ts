import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startNodeProcess } from "./node-process.ts";
import { targetOf } from "./target.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "onnx parity process "));
});
afterAll(() => rm(folder, { recursive: true }));

/** A target whose process does that when it is asked something. */
async function targetThat(does: string) {
  const file = join(folder, `${does.length}.mjs`);
  await writeFile(file, `process.on("message", () => { ${does} }); process.send("ready");`);
  return targetOf("node-cpu", startNodeProcess(file));
}

it.each([
  ["is ended by a signal", 'process.kill(process.pid, "SIGSEGV")', "the process was ended by SIGSEGV"],
  [
    "complains and exits",
    'process.stderr.write("out of memory\\n", () => process.exit(7))',
    "the process ended with code 7: out of memory",
  ],
])("reports a process that %s as crashed, then and later", async (_, does, reason) => {
  const target = await targetThat(does);
  const crashed = { code: "CRASHED", runtime: "node-cpu", reason };
  await expect(target.ask({ kind: "describe" })).rejects.toMatchObject(crashed);
  await expect(target.ask({ kind: "describe" })).rejects.toMatchObject(crashed);
});

it("ends a process that spins, at the time limit", async () => {
  const target = await targetThat("for (;;);");
  await expect(target.ask({ kind: "describe" }, 0.5)).rejects.toMatchObject({ code: "TIME_LIMIT", seconds: 0.5 });
});
