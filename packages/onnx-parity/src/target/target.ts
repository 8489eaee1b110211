import { CrashError, RefusedError, TimeLimitError } from "../errors.ts";
import type { Replies, Reply, Request } from "./protocol.ts";

/** A runtime that has started, in a process or page of its own. */
export interface Target {
  readonly name: string;
  /**
   * @throws RefusedError when the runtime says no, and can be asked again.
   * @throws CrashError when it is gone, or can no longer be used.
   * @throws TimeLimitError when it had to be ended.
   */
  ask<Kind extends Request["kind"]>(
    request: Request & { readonly kind: Kind },
    seconds?: number,
  ): Promise<Replies[Kind]>;
  stop(): Promise<void>;
}

/** How messages reach a target, and how it is ended. */
export interface Channel {
  /** Rejects with what is known of the end when the other side is gone. */
  send(request: Request): Promise<Reply<Request["kind"]>>;
  end(): Promise<void>;
}

const DOING: Readonly<Record<Request["kind"], string>> = {
  describe: "start",
  open: "load the model",
  run: "answer",
  close: "release the model",
};

export const DEFAULT_SECONDS = 60;

/** Puts a time limit and typed errors on a channel. What crashed, hung or broke is ended, and stays so. */
export function targetOf(name: string, channel: Channel): Target {
  let gone: CrashError | TimeLimitError | undefined;
  const lose = async (error: CrashError | TimeLimitError): Promise<never> => {
    gone = error;
    await channel.end().catch(() => {});
    throw error;
  };
  return {
    name,
    async ask(request, seconds = DEFAULT_SECONDS) {
      if (gone) throw gone;
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<"late">((resolve) => {
        timer = setTimeout(resolve, seconds * 1000, "late");
      });
      const reply = await Promise.race([channel.send(request), limit])
        .catch((error: Error) => new CrashError(name, error.message))
        .finally(() => clearTimeout(timer));
      if (reply === "late") return lose(new TimeLimitError(name, seconds, DOING[request.kind]));
      if (reply instanceof CrashError) return lose(reply);
      if (reply.refused === undefined) return reply.value as never;
      if (reply.broken) return lose(new CrashError(name, reply.refused));
      throw new RefusedError(name, reply.refused);
    },
    stop: () => channel.end(),
  };
}
