import { resolve } from "node:path";
import { decodeModel, type Model, OnnxError } from "@glyphcast/onnx";
import { RefusedError } from "../errors.ts";
import type { Answering } from "../lane.ts";
import { type ModelFile, readExternal } from "../model/model-file.ts";
import type { Environment, Feeds, Opened } from "../target/protocol.ts";
import type { RuntimeSpec } from "../target/runtimes.ts";
import { startTarget } from "../target/start.ts";
import type { Target } from "../target/target.ts";
import { type Contract, contractOf } from "./contract.ts";

/** The TF.js model that an .onnx was converted from, asked and answering as the .onnx is. */
export class TfjsLane implements Answering {
  readonly spec: RuntimeSpec;
  readonly label: string;
  readonly restarts = 0;
  readonly #onnx: ModelFile;
  readonly #path: string;
  readonly #seconds: number;
  #target: Target | undefined;
  #opened: Opened | undefined;
  #contract: Contract | undefined;
  #environment: Environment = {};

  /** path: TF.js's model.json. */
  constructor(spec: RuntimeSpec, onnx: ModelFile, path: string, seconds: number) {
    this.spec = spec;
    this.label = spec.label;
    this.#onnx = onnx;
    this.#path = path;
    this.#seconds = seconds;
  }

  get opened(): Opened | undefined {
    return this.#opened;
  }

  get environment(): Environment {
    return this.#environment;
  }

  lacks(output: string): boolean {
    return this.#contract?.lacks.has(output) ?? false;
  }

  async open(): Promise<Opened> {
    this.#target = await startTarget(this.spec);
    this.#environment = await this.#target.ask({ kind: "describe" });
    const opened = await this.#target.ask({ kind: "open", model: resolve(this.#path) }, this.#seconds);
    const onnx = await this.#readOnnx();
    this.#contract = contractOf(onnx, opened);
    const { inputs, outputs } = onnx.graph;
    this.#opened = { inputs, outputs };
    return this.#opened;
  }

  /** Its inputs, outputs and metadata say what TF.js is to be asked. */
  async #readOnnx(): Promise<Model> {
    try {
      return decodeModel(this.#onnx.bytes, { external: await readExternal(this.#onnx) });
    } catch (error) {
      if (error instanceof OnnxError) throw new RefusedError(this.label, `the .onnx cannot be read: ${error.message}`);
      throw error;
    }
  }

  async run(feeds: Feeds): Promise<Feeds> {
    if (!this.#target || !this.#contract) throw new Error("bug: the lane was not opened");
    const { feedsOf, answersOf } = this.#contract;
    return answersOf(await this.#target.ask({ kind: "run", feeds: feedsOf(feeds) }, this.#seconds));
  }

  async placement(): Promise<undefined> {}

  async stop(): Promise<void> {
    await this.#target?.stop();
  }
}
