import process from "node:process";
import { run } from "./run.ts";

// The first Ctrl-C lets a run stop cleanly; the second ends the process as usual.
const interrupt = new AbortController();
process.once("SIGINT", () => {
  process.stderr.write("\nStopping after this step; Ctrl-C again stops at once.\n");
  interrupt.abort();
});
process.once("SIGTERM", () => interrupt.abort());

// A reader that went away, as in `glyphcast train | head`, is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  cwd: process.cwd(),
  signal: interrupt.signal,
});
