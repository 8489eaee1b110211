import { encodeModel, type Model, type Tensor } from "@glyphcast/onnx";
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { DivergedError, TrainError, UnknownValueError } from "./errors.ts";
import { findNonFinite } from "./non-finite.ts";
import { averageOf } from "./optimisers/average.ts";
import { dropoutMask } from "./random.ts";
import type { StepValue, TrainStep } from "./train-step.ts";

/** What is needed of onnxruntime: `onnxruntime-node` and `onnxruntime-web` both are this. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

export interface TrainSessionOptions {
  /** Decides the noise of every step. */
  readonly seed?: number;
  /** Threads inside one operator; onnxruntime's own choice by default. */
  readonly intraOpNumThreads?: number;
  readonly executionProviders?: InferenceSession.SessionOptions["executionProviders"];
  /** Further options of the onnxruntime session. */
  readonly sessionOptions?: InferenceSession.SessionOptions;
}

export interface StepResult {
  readonly loss: number;
  /** What the forward graph predicted before the update, row-major in the prediction's shape. */
  readonly prediction: Float32Array;
}

/** Runs a training step again and again, carrying parameters and state from one run to the next. */
export class TrainSession {
  readonly #ort: OnnxRuntime;
  readonly #session: InferenceSession;
  readonly #step: TrainStep;
  /** Inputs that are initializers of the forward graph: parameters and running statistics. */
  readonly #own: readonly StepValue[];
  readonly #options: InferenceSession.SessionOptions;
  #seed: number;
  #kept: Record<string, OrtTensor>;
  #steps = 0;

  private constructor(
    ort: OnnxRuntime,
    session: InferenceSession,
    step: TrainStep,
    seed: number,
    options: InferenceSession.SessionOptions,
  ) {
    this.#ort = ort;
    this.#session = session;
    this.#step = step;
    this.#own = step.inputs.filter(({ name, of }) => of === name);
    this.#options = options;
    this.#seed = seed;
    this.#kept = Object.fromEntries(Array.from(step.initial, ([name, tensor]) => [name, this.#tensorFrom(tensor)]));
  }

  /** `ort` is the onnxruntime module to run on. */
  static async create(
    ort: OnnxRuntime,
    step: TrainStep,
    { seed = 0, intraOpNumThreads, executionProviders, sessionOptions = {} }: TrainSessionOptions = {},
  ): Promise<TrainSession> {
    const options = {
      // A memory pattern is one block beside the arena that the first step filled: half as much memory again for nothing.
      enableMemPattern: false,
      ...sessionOptions,
      ...(intraOpNumThreads !== undefined && { intraOpNumThreads }),
      ...(executionProviders !== undefined && { executionProviders }),
    };
    const session = await ort.InferenceSession.create(encodeModel(step.model), options);
    return new TrainSession(ort, session, step, seed, options);
  }

  /** The number of steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Takes one step.
   *
   * @param data one array per data input, row-major.
   * @param labels as the loss wants them; class ids may be given as bytes.
   * @throws DivergedError when the loss or a parameter after it is not finite; parameters and state then stay as they
   * were before the step.
   */
  async step(
    data: Readonly<Record<string, OrtTensor.DataType | ArrayLike<number>>>,
    labels: BigInt64Array | Uint8Array | Float32Array,
    learningRate: number,
  ): Promise<StepResult> {
    const { Tensor: OrtTensor } = this.#ort;
    const feeds: Record<string, OrtTensor> = { ...this.#kept };
    for (const [index, input] of this.#step.inputs.entries()) {
      if (input.role === "data") feeds[input.name] = this.#input(input, data[input.name]);
      else if (input.role === "label") feeds[input.name] = this.#labels(input, labels);
      else if (input.role === "learningRate")
        feeds[input.name] = new OrtTensor("float32", Float32Array.of(learningRate), []);
      else if (input.role === "noise") feeds[input.name] = this.#input(input, this.#draw(input, index));
    }
    const results = await this.#session.run(feeds);
    const loss = (results.loss!.data as Float32Array)[0]!;
    if (!(Number.isFinite(loss) && this.#staysFinite(results))) throw await this.#diverged(loss, feeds);
    this.#kept = Object.fromEntries(
      Object.keys(this.#kept).map((name) => [name, results[`${name}:next`] ?? this.#kept[name]!]),
    );
    this.#steps++;
    return { loss, prediction: results.prediction!.data as Float32Array };
  }

  #input({ name, dtype, shape }: StepValue, values: unknown): OrtTensor {
    if (values === undefined)
      throw new UnknownValueError(
        "Data input",
        name,
        this.#step.inputs.filter(({ role }) => role === "data").map((input) => input.name),
      );
    const given = values as OrtTensor.DataTypeMap["float32"];
    const size = shape.reduce((product, dim) => product * dim, 1);
    if (given.length !== size)
      throw new TrainError(
        "DATA_SIZE",
        `"${name}" holds ${size} values ([${shape.join(", ")}]), found ${given.length}.`,
      );
    const exact = dtype === "int64" && !(values instanceof BigInt64Array) ? BigInt64Array.from(given, BigInt) : given;
    return new this.#ort.Tensor(dtype as "float32", exact as Float32Array, shape);
  }

  /** Class ids out of range would train nothing, and silently. */
  #labels(input: StepValue, labels: BigInt64Array | Uint8Array | Float32Array): OrtTensor {
    const { classes } = input;
    const wrong = classes === undefined ? -1 : labels.findIndex((id) => !(id >= 0 && id < classes));
    if (wrong >= 0)
      throw new TrainError(
        "LABEL",
        `Label ${wrong} is ${labels[wrong]}, expected a class id from 0 to ${classes! - 1}.`,
      );
    return this.#input(input, labels);
  }

  #draw({ shape, draw }: StepValue, index: number): Float32Array {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return dropoutMask(size, draw!.ratio, [this.#seed, this.#steps, index]);
  }

  /** Whether parameters and running statistics are numbers after the step. */
  #staysFinite(results: InferenceSession.OnnxValueMapType): boolean {
    return this.#own.every(({ name }) => {
      const data = results[`${name}:next`]?.data;
      return !(data instanceof Float32Array) || allFinite(data);
    });
  }

  async #diverged(loss: number, feeds: Record<string, OrtTensor>): Promise<DivergedError> {
    const suspects = ["loss", ...this.#own.map(({ name }) => `${name}:next`)];
    const origin = await findNonFinite(this.#ort, this.#step.model, feeds, suspects, this.#options);
    return new DivergedError(this.#steps, loss, origin?.tensor, origin);
  }

  #tensorFrom({ dtype, data, shape }: Tensor): OrtTensor {
    return new this.#ort.Tensor(dtype as "float32", data as Float32Array, shape);
  }

  /** Parameters and running statistics by the names of their initializers, as they are now. */
  parameters(): Map<string, Tensor> {
    return this.#initializers((name) => name);
  }

  /** The same with each parameter's running average in its place; only where the step keeps one. */
  averages(): Map<string, Tensor> {
    return this.#initializers((name) => (averageOf(name) in this.#kept ? averageOf(name) : name));
  }

  #initializers(source: (name: string) => string): Map<string, Tensor> {
    return new Map(
      this.#own.map(({ name }) => {
        const { data, ...tensor } = tensorFromOrt(this.#kept[source(name)]!);
        return [name, { ...tensor, data: data.slice() } as Tensor];
      }),
    );
  }

  /** Everything the next step depends on, as a safetensors file. */
  checkpoint(): Uint8Array<ArrayBuffer> {
    const tensors = new Map(Object.entries(this.#kept).map(([name, kept]) => [name, tensorFromOrt(kept)]));
    return encodeCheckpoint({ tensors, steps: this.#steps, seed: this.#seed });
  }

  /**
   * Goes back to a checkpoint of the same training step.
   *
   * @throws CheckpointError when the file is damaged or of another step; the session then stays as it was.
   */
  restore(file: Uint8Array): void {
    const { tensors, steps, seed } = decodeCheckpoint(file, this.#step);
    this.#kept = Object.fromEntries(Array.from(tensors, ([name, tensor]) => [name, this.#tensorFrom(tensor)]));
    this.#steps = steps;
    this.#seed = seed;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Whether no element is a NaN or an infinity: either makes a NaN of the sum of zeros. */
function allFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += 0 * data[i]!;
  return sum === 0;
}

const tensorFromOrt = ({ type, dims, data }: OrtTensor): Tensor =>
  ({ dtype: type, shape: dims, data }) as unknown as Tensor;

/**
 * A forward graph for inference with trained values in place: batch normalisations use the running statistics, dropouts
 * do nothing.
 *
 * @param parameters by initializer name, from {@link TrainSession.parameters} or {@link TrainSession.averages}.
 */
export function forwardWith(model: Model, parameters: ReadonlyMap<string, Tensor>): Model {
  const { graph } = model;
  const unknown = [...parameters.keys()].find((name) => !graph.initializers.has(name));
  if (unknown !== undefined) throw new UnknownValueError("Initializer", unknown, [...graph.initializers.keys()]);
  const nodes = graph.nodes.map((node) => {
    if (node.op === "BatchNormalization") {
      const { training_mode: _, ...attributes } = node.attributes;
      return { ...node, outputs: node.outputs.slice(0, 1), attributes };
    }
    return node.op === "Dropout"
      ? { ...node, inputs: node.inputs.slice(0, 2), outputs: node.outputs.slice(0, 1) }
      : node;
  });
  const outputs = graph.outputs.filter(({ name }) => nodes.some((node) => node.outputs.includes(name)));
  return {
    ...model,
    graph: {
      ...graph,
      nodes,
      outputs,
      initializers: new Map([...graph.initializers, ...parameters]),
      values: new Map(),
    },
  };
}
