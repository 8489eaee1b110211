import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { runOnTerminal, runQuietly } from "../../scripts/bootstrap/child.mjs";
import { root } from "../../scripts/bootstrap/root.mjs";
import { temporaryFolder } from "./temporary-folder.ts";

const node = (script: string, ...args: string[]) => ({
  file: process.execPath,
  args: ["--eval", script, ...args],
  cwd: root,
});

/** Says which signals it gets; a second after the first, ends with exit code 40 + their number. */
const COUNTS_SIGNALS = `
  let got = 0;
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {
    console.log(signal);
    if (got++ === 0) setTimeout(() => process.exit(40 + got), 1000);
  });
  setInterval(() => {}, 1000);
  console.log("ready");`;

describe("a child program", () => {
  it("gets its arguments as they are", async () => {
    const odd = ["a b", '"quoted"', "$HOME", "*", "; exit 3", ""];
    const { output } = await runQuietly(node("console.log(JSON.stringify(process.argv.slice(1)))", ...odd));
    expect(JSON.parse(output)).toEqual(odd);
  });

  it("hands on its exit code, or 128 + the signal that ended it", async () => {
    expect(await runOnTerminal(node("process.exit(7)"))).toBe(7);
    expect(await runOnTerminal(node('process.kill(process.pid, "SIGTERM")'))).toBe(143);
  });

  it("is ended when its time is up", async () => {
    const { exitCode } = await runQuietly({ ...node("setInterval(() => {}, 1000)"), timeoutSeconds: 0.2 });
    expect(exitCode).toBe(137);
  });

  // Windows has no signals to pass on.
  describe.skipIf(process.platform === "win32")("whose parent has no terminal", () => {
    it.each(["SIGINT", "SIGTERM"] as const)(
      "hears once of a %s that comes twice, and its exit code stands",
      async (signal) => {
        const parent = start(process.execPath, [parentScript(), COUNTS_SIGNALS]);
        await parent.says("ready");
        parent.process.kill(signal);
        setTimeout(() => parent.process.kill(signal), 50);
        const [exitCode] = await once(parent.process, "close");
        expect({ exitCode, output: parent.output() }).toEqual({ exitCode: 41, output: `ready\n${signal}\n` });
      },
    );

    it("is ended when the shell that npm started is", async () => {
      const line = '"$0" "$1" "$2"; exit';
      const shell = start("sh", ["-c", line, process.execPath, parentScript(), COUNTS_SIGNALS]);
      await shell.says("ready");
      shell.process.kill("SIGTERM");
      await once(shell.process, "close");
      expect(shell.output()).toBe("ready\nSIGTERM\n");
    });
  });
});

/** A script that runs its argument, a script too, by `runOnTerminal`. */
const parentScript = () =>
  join(
    temporaryFolder({
      "parent.mjs": `
        import { runOnTerminal } from ${JSON.stringify(new URL("../../scripts/bootstrap/child.mjs", import.meta.url))};
        process.exitCode = await runOnTerminal({
          file: process.execPath, args: ["--eval", process.argv[2]], cwd: process.cwd()
        });`,
    }),
    "parent.mjs",
  );

/** Starts a program as npm would, in a session of its own: no terminal, so that nothing but it tells its children. */
const start = (file: string, args: string[]) => {
  const started = spawn(file, args, {
    detached: true,
    env: { ...process.env, npm_lifecycle_event: "start" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  started.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return {
    process: started,
    output: () => output,
    says: (word: string) => vi.waitFor(() => expect(output).toContain(word), { timeout: 10_000 }),
  };
};
