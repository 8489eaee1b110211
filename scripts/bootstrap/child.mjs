import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { BootstrapError } from "./bootstrap-error.mjs";

/**
 * A program to run. Arguments go through no shell, so none needs quoting.
 *
 * @typedef {{
 *   file: string,
 *   args: string[],
 *   cwd: string,
 *   env?: Record<string, string>,
 *   timeoutSeconds?: number,
 * }} Program
 */

/** @typedef {{ exitCode: number, output: string }} Outcome */

/**
 * Runs a program on this terminal.
 *
 * @param {Program} program
 * @returns {Promise<number>} Its exit code; 128 + the signal's number if one ended it, as shells report it.
 */
export const runOnTerminal = async (program) => (await run(program, "inherit")).exitCode;

/**
 * Runs a program and keeps what it prints.
 *
 * @param {Program} program
 * @returns {Promise<Outcome>}
 * @throws {BootstrapError} INTERRUPTED, when the user stops it.
 */
export const runQuietly = async (program) => {
  const { exitCode, output, interrupted } = await run(program, "pipe");
  if (interrupted !== undefined) {
    throw new BootstrapError("INTERRUPTED", "Stopped. Run the same command to go on from here.", {
      exitCode: exitCodeOf(null, interrupted),
    });
  }
  return { exitCode, output };
};

/**
 * @param {Program} program
 * @param {"inherit" | "pipe"} stdio
 * @returns {Promise<Outcome & { interrupted: NodeJS.Signals | undefined }>}
 */
const run = ({ file, args, cwd, env = {}, timeoutSeconds }, stdio) =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: stdio === "pipe" ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    const timer = timeoutSeconds && setTimeout(() => child.kill("SIGKILL"), timeoutSeconds * 1000);
    const signals = passSignalsTo(child);
    const settle = () => {
      clearTimeout(timer);
      signals.stop();
    };
    child.once("error", (error) => {
      settle();
      reject(error);
    });
    child.once("close", (code, signal) => {
      settle();
      resolve({ exitCode: exitCodeOf(code, signal), output, interrupted: signals.received() });
    });
  });

/** One press of Ctrl-C comes as several signals this close together. */
const SAME_PRESS_MS = 500;

/**
 * Keeps this process alive until `child` has dealt with a signal that is meant to end them both.
 *
 * Ctrl-C comes to every process of the terminal's foreground group, `child` among them, and a second time to this one
 * through npm; passing it on would tell `child` twice. Without a terminal only this process hears of it. When npm is
 * told to end, the shell between it and this process ends without a word: all that shows is the new parent.
 *
 * @param {import("node:child_process").ChildProcess} child
 */
const passSignalsTo = (child) => {
  const fromTerminal = hasTerminal();
  /** @type {NodeJS.Signals | undefined} */
  let last;
  let lastAt = Number.NEGATIVE_INFINITY;
  /** @param {NodeJS.Signals} signal */
  const pass = (signal) => {
    const repeated = signal === last && performance.now() - lastAt < SAME_PRESS_MS;
    last = signal;
    lastAt = performance.now();
    if (repeated || (signal === "SIGINT" && fromTerminal)) return;
    child.kill(signal);
  };
  /** @type {NodeJS.Signals[]} */
  const passed = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of passed) process.on(signal, pass);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent || process.env.npm_lifecycle_event === undefined) return;
    clearInterval(watch);
    pass("SIGTERM");
  }, 200);
  return {
    received: () => last,
    stop: () => {
      clearInterval(watch);
      for (const signal of passed) process.off(signal, pass);
    },
  };
};

const hasTerminal = () => {
  if (process.platform === "win32") return true;
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
};

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
const exitCodeOf = (code, signal) => code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
