import { parseCommandLine } from "./command-line.ts";
import { TrainerError, UsageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { paintFor } from "./report/paint.ts";

/**
 * The `glyphcast` command. Returns its exit code: 0 for success, 1 for a failed check, 2 for bad usage or input, 130
 * after Ctrl-C. Everything heavy is loaded by the command that needs it, so that `--help` is quick.
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const { command, help } = parseCommandLine(argv, io);
    if (help !== "") io.stdout.write(`${help}\n`);
    await command?.();
    return 0;
  } catch (error) {
    return explain(error, io, argv);
  }
}

/** Tells a person what went wrong, and the shell by the exit code. */
function explain(error: unknown, io: Io, argv: readonly string[]): number {
  const verbose = argv.includes("--verbose");
  const paint = paintFor(io.stderr, io.env);
  const interrupted = error instanceof TrainerError && error.code === "INTERRUPTED";
  const known = isForUsers(error);
  const lines = [
    interrupted ? error.message : `${paint.red("error")} ${error instanceof Error ? error.message : error}`,
  ];
  if (error instanceof UsageError) lines.push(`  ${helpFor(argv)} lists what can be asked for.`);
  if (!known) lines.push("  This is not something you did: it is a bug in glyphcast.");
  if (error instanceof Error && (verbose || !known)) lines.push(paint.dim(stackOf(error)));
  io.stderr.write(`${lines.join("\n")}\n`);
  if (error instanceof TrainerError) return error.exitCode;
  return known ? 2 : 1;
}

const helpFor = ([command]: readonly string[]): string =>
  command !== undefined && ["train", "evaluate", "predict", "submit", "report", "compare", "data"].includes(command)
    ? `glyphcast ${command} --help`
    : "glyphcast --help";

/**
 * The packages' typed errors have no class in common, but all carry a `code` and a message for people. Node's own carry
 * one too: those of system calls (no space left, not permitted) are for users, those of wrong calls (ERR_…) are bugs.
 */
const isForUsers = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && typeof error.code === "string" && !error.code.startsWith("ERR_");

function stackOf(error: Error): string {
  const stack = (error.stack ?? "").split("\n").filter((line) => line.startsWith("    at "));
  const cause = error.cause instanceof Error ? `\n  caused by ${error.cause.message}\n${stackOf(error.cause)}` : "";
  return stack.join("\n") + cause;
}
