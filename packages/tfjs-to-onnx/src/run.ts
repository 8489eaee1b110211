import { parse } from "./command-line.ts";
import { TfjsError, UsageError } from "./errors.ts";
import { type Output, paintOn, progressOn } from "./terminal.ts";
import { VerificationError } from "./verify/errors.ts";

/** Where the command writes. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
}

/**
 * The `tfjs-to-onnx` command. Returns its exit code: 0 for success, 1 where the result differs from the original or
 * cannot be compared with it, 2 for bad usage or input. The converter is loaded when there is something to convert, so
 * that `--help` is quick.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const progress = progressOn(io.stderr);
  try {
    const request = parse(argv, io.stdout.columns);
    if (typeof request === "string") {
      io.stdout.write(`${request}\n`);
      return 0;
    }
    const { convertFile, describe } = await import("./convert-file.ts");
    const summary = await convertFile({ ...request, progress });
    progress.done();
    io.stdout.write(request.json ? `${JSON.stringify(summary)}\n` : describe(summary, paintOn(io.stdout)));
    return summary.verification?.verdict === "differs" ? 1 : 0;
  } catch (error) {
    progress.done();
    return explain(error, io, argv.includes("--verbose"));
  }
}

function explain(error: unknown, { stderr }: Io, verbose: boolean): number {
  const known = error instanceof TfjsError;
  const { message, stack = "" } = error instanceof Error ? error : new Error(String(error));
  const lines = [`error ${message}`];
  if (error instanceof UsageError) lines.push("  tfjs-to-onnx --help lists what can be asked for.");
  if (!known) lines.push("  This is not something you did: it is a bug in tfjs-to-onnx.");
  if (verbose || !known) lines.push(...stack.split("\n").filter((line) => line.startsWith("    at ")));
  stderr.write(`${lines.join("\n")}\n`);
  return known && !(error instanceof VerificationError) ? 2 : 1;
}
