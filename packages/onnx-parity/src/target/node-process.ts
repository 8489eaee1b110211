import { type ChildProcess, fork } from "node:child_process";
import process from "node:process";
import type { Reply, Request } from "./protocol.ts";
import type { Channel } from "./target.ts";

/** How much of what a process complained about is kept for the report of its end. */
const TAIL = 2_000;

/** A Node process with a runtime in it. */
export function startNodeProcess(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Channel {
  const child = fork(file, args, {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, ...env },
  });
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-TAIL);
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(endOf(code, signal, complaints))));
  });
  ended.catch(() => {});
  const message = (): Promise<unknown> =>
    Promise.race([new Promise((resolve) => child.once("message", resolve)), ended]);
  // Loading takes a while; requests wait for it.
  const ready = message();
  ready.catch(() => {});
  return {
    async send(request: Request) {
      await ready;
      const reply = message();
      child.send(request);
      return (await reply) as Reply<Request["kind"]>;
    },
    end: () => endProcess(child),
  };
}

function endOf(code: number | null, signal: string | null, complaints: string): string {
  const how = signal === null ? `the process ended with code ${code}` : `the process was ended by ${signal}`;
  const last = complaints
    .split("\n")
    .filter((line) => line.trim() !== "")
    .at(-1);
  return last === undefined ? how : `${how}: ${last.trim()}`;
}

function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    // It may be deep in native code, or hang there: what is polite would not be heard.
    const insist = setTimeout(() => child.kill("SIGKILL"), 300);
    child.once("exit", () => clearTimeout(insist));
    if (child.connected) child.disconnect();
    else child.kill("SIGKILL");
  });
}
