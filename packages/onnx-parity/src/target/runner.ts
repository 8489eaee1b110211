import type { Tensor } from "@glyphcast/onnx";
import type { InferenceSession, OnnxValue, Tensor as OrtTensor } from "onnxruntime-common";
import type { Environment, Opened, Placement, Port, Reply, Request } from "./protocol.ts";

export interface Onnxruntime {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof OrtTensor;
}

export interface RunnerOptions {
  readonly provider: string;
  readonly threads: number;
  readonly environment: Environment;
  /** Where the runtime writes its profile to a file: what that file's name is to begin with, and then its lines. */
  readonly profile?: { begin(): Promise<string>; end(): Promise<readonly string[]> };
}

export interface Runner {
  handle<Kind extends Request["kind"]>(request: Request & { readonly kind: Kind }): Promise<Reply<Kind>>;
}

/** One session after the other on one runtime. Needs nothing from outside itself: pages get it as text. */
export function makeRunner({ InferenceSession, Tensor }: Onnxruntime, options: RunnerOptions): Runner {
  let session: InferenceSession | undefined;
  let profiling = false;

  // WebAssembly writes its profile to the console, and holds on to the `log` that it finds when it loads.
  const log = console.log;
  let heard: string[] | undefined;
  console.log = (...parts: unknown[]) => {
    if (heard) heard.push(...parts.join(" ").split("\n"));
    else log(...parts);
  };

  const toOrt = ({ dtype, shape, data }: Tensor): OrtTensor => {
    // Engines that have Float16Array want it.
    const half = (globalThis as unknown as { Float16Array?: new (from: ArrayBufferLike) => Uint16Array }).Float16Array;
    const bits = data as Uint16Array;
    const held = dtype === "float16" && half ? new half(bits.slice().buffer) : data;
    return new Tensor(dtype as "float32", held as Float32Array, shape);
  };

  const fromOrt = async (name: string, value: OnnxValue): Promise<Tensor> => {
    const { type, dims, data: held } = value as OrtTensor;
    if (type === undefined) throw new Error(`Output "${name}" is no tensor, which is not supported.`);
    const data = held ?? (await (value as OrtTensor).getData());
    // A copy of its own, neither in shared memory nor in WebAssembly's; 16-bit floats as bits.
    const own = Array.isArray(data) ? data : (data as Float32Array).slice();
    const bits = type === "float16" ? new Uint16Array((own as Float32Array).buffer) : own;
    return { dtype: type, shape: [...dims], data: bits } as Tensor;
  };

  const ports = (metadata: readonly InferenceSession.ValueMetadata[]): Port[] =>
    metadata.map((value) =>
      value.isTensor ? { name: value.name, dtype: value.type, shape: [...value.shape] } : { name: value.name },
    );

  const open = async (request: Request & { kind: "open" }): Promise<Opened> => {
    const { model, external = [], profile = false, optimise = true } = request;
    await session?.release();
    session = undefined;
    profiling = profile;
    // Takes bytes as well as paths, each by a declaration of its own.
    session = await InferenceSession.create(model as Uint8Array, {
      executionProviders: [options.provider],
      intraOpNumThreads: options.threads,
      logSeverityLevel: 3,
      graphOptimizationLevel: optimise ? "all" : "disabled",
      ...(external.length > 0 && { externalData: external }),
      ...(profile && { enableProfiling: true, profileFilePrefix: (await options.profile?.begin()) ?? "profile" }),
    });
    return { inputs: ports(session.inputMetadata), outputs: ports(session.outputMetadata) };
  };

  const run = async ({ feeds }: Request & { kind: "run" }): Promise<Record<string, Tensor>> => {
    if (!session) throw new Error("bug: no model is open");
    const results = await session.run(
      Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toOrt(value)])),
    );
    const outputs: Record<string, Tensor> = {};
    for (const name of session.outputNames) outputs[name] = await fromOrt(name, results[name]!);
    for (const value of Object.values(results)) (value as OrtTensor).dispose?.();
    return outputs;
  };

  const profileLines = async (ended: InferenceSession): Promise<readonly string[]> => {
    const lines: string[] = [];
    heard = lines;
    ended.endProfiling();
    heard = undefined;
    return lines.length > 0 ? lines : ((await options.profile?.end()) ?? []);
  };

  const close = async (): Promise<{ placement?: Placement }> => {
    const ended = session;
    session = undefined;
    if (!ended) return {};
    const lines = profiling ? await profileLines(ended) : [];
    await ended.release();
    const placement: Record<string, Record<string, number>> = {};
    const seen = new Set<string>();
    for (const line of lines) {
      if (!line.startsWith('{"cat" : "Node"') || !line.includes("_kernel_time")) continue;
      const { args } = JSON.parse(line.replace(/,\s*$/, "")) as { args: Record<string, string> };
      const { provider = "", op_name: op = "", node_index: node = "" } = args;
      // Every run has a line of its own for each node.
      if (seen.has(node)) continue;
      seen.add(node);
      placement[provider] ??= {};
      placement[provider][op] = (placement[provider][op] ?? 0) + 1;
    }
    return profiling ? { placement } : {};
  };

  const answers = { describe: async () => options.environment, open, run, close } as const;

  return {
    async handle(request) {
      try {
        return { value: await answers[request.kind](request as never) } as never;
      } catch (error) {
        const { message = String(error) } = error as Error;
        // After these, WebAssembly's memory is in no state to go on with.
        const broken =
          (error as Error).name === "RuntimeError" ||
          typeof error === "number" ||
          /abort\(|memory access out of bounds|unreachable|table index|Maximum call stack/i.test(message);
        return { refused: typeof error === "number" ? `a C++ exception (${error})` : message, broken };
      }
    },
  };
}
