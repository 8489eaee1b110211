import type { Tensor as OrtTensor } from "onnxruntime-node";
import { type Attributes, type DataType, encodeModel, type Graph, modelOf, type Tensor } from "../src/index.ts";

// Telemetry is decided when the module is first loaded.
process.env.ORT_DISABLE_TELEMETRY = "1";
const ort = await import("onnxruntime-node");

export interface NodeCase {
  readonly op: string;
  /** Undefined for an omitted optional input. */
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attributes?: Attributes;
  /** How many outputs are asked for; 1 by default. */
  readonly outputs?: number;
  readonly opset?: number;
  /** The inputs that give shapes, axes and the like, which a model usually holds as constants. */
  readonly constants?: readonly number[];
  /** The shape of the outcome depends on elements that no model holds as constants. */
  readonly dependsOnData?: boolean;
}

/**
 * What onnxruntime says about one node: the outputs it really computes from these inputs, all fed at run time.
 *
 * outputTypes: the element types that the outputs are declared to have; onnxruntime refuses others than its own.
 */
export function runNode(
  { op, inputs, attributes = {}, opset = 17 }: NodeCase,
  outputTypes: readonly DataType[],
): Promise<readonly Tensor[]> {
  const feeds = new Map(inputs.flatMap((tensor, i) => (tensor ? [[`x${i}`, tensor] as const] : [])));
  const outputs = outputTypes.map((dtype, i) => ({ name: `y${i}`, dtype }));
  const graph: Graph = {
    name: "one node",
    inputs: Array.from(feeds, ([name, { dtype, shape }]) => ({ name, dtype, shape })),
    outputs,
    initializers: new Map(),
    nodes: [
      {
        op,
        domain: "",
        name: op,
        inputs: inputs.map((tensor, i) => (tensor ? `x${i}` : "")),
        outputs: outputs.map(({ name }) => name),
        attributes,
      },
    ],
    values: new Map(),
  };
  return runGraph(graph, feeds, opset);
}

/** The outputs of a graph, in its order. */
export async function runGraph(
  graph: Graph,
  feeds: ReadonlyMap<string, Tensor>,
  opset = 17,
): Promise<readonly Tensor[]> {
  const session = await ort.InferenceSession.create(encodeModel(modelOf(graph, { opsets: { "": opset } })), {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const results = await session.run(
      Object.fromEntries(
        Array.from(feeds, ([name, { dtype, shape, data }]) => [
          name,
          new ort.Tensor(dtype as "float32", data as Float32Array, shape),
        ]),
      ),
    );
    return graph.outputs.map(({ name }) => tensorFromOrt(results[name]!));
  } finally {
    await session.release();
  }
}

const tensorFromOrt = ({ type, dims, data }: OrtTensor): Tensor => ({ dtype: type, shape: [...dims], data }) as Tensor;
