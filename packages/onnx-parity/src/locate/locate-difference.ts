import { decodeModel, describeNode, encodeModel, type Model, type Node, valuesRead } from "@glyphcast/onnx";
import { OutputComparison, type OutputReport } from "../compare/output-comparison.ts";
import { sameBits } from "../compare/same-bits.ts";
import { type Tolerances, toleranceOf } from "../compare/tolerance.ts";
import { RefusedError, UsageError } from "../errors.ts";
import { modelFrom, readExternal } from "../model/model-file.ts";
import type { Feeds } from "../target/protocol.ts";
import { type RuntimeSpec, runtimeFrom } from "../target/runtimes.ts";
import { startTarget } from "../target/start.ts";
import { DEFAULT_SECONDS, type Target } from "../target/target.ts";
import { computedValues, cutAfter, markOutputs, modelOfNode } from "./mark.ts";

export interface LocateOptions {
  /** The model, or its file's path. */
  readonly model: Uint8Array | string;
  /** The model on the other side, where it is not the same file: same names, other weights or attributes. */
  readonly other?: Uint8Array | string;
  readonly reference: string;
  readonly runtime: string;
  /** Inputs for which the two differ. */
  readonly feeds: Feeds;
  readonly tolerance?: Tolerances;
  readonly timeLimit?: number;
  readonly onStep?: (message: string) => void;
}

export interface Search {
  /** The first node whose results differ; absent where none do once they are marked as outputs. */
  readonly found?: Located;
  /** Whether the graph's own outputs differ when nothing is marked. */
  readonly unmodified: boolean;
  /**
   * Whether they differ when the runtimes do not optimise: if not, it is what an optimiser fused or folded, and otherwise
   * a kernel. Absent where a runtime cannot run the graph as it is written.
   */
  readonly unoptimised?: boolean;
  /** Runtimes whose outputs have other bits once values are marked: marking kept nodes from being fused. */
  readonly fusionChanged: readonly string[];
  /** How many marked models were run. */
  readonly probes: number;
}

export interface Located {
  /** `Conv "block1/conv"`. */
  readonly node: string;
  readonly op: string;
  /** Its place among the graph's nodes, from 0. */
  readonly index: number;
  readonly nodes: number;
  /** How its outputs differ, in the graph as it stands. */
  readonly outputs: readonly OutputReport[];
  /** How they differ when both sides give the node the reference's values; agreement means that rounding adds up. */
  readonly alone: readonly OutputReport[];
  /** Constants of the node that are not the same in the two files. */
  readonly constants: readonly string[];
  /** The node as a model of its own, for each side, and the reference's values to give it. */
  readonly minimal: { readonly reference: Uint8Array; readonly runtime: Uint8Array; readonly feeds: Feeds };
}

/**
 * Finds the first operator whose results differ. What the nodes up to a place hand on to those after it is marked as
 * outputs; where all of that agrees, the difference comes later, and otherwise not: so the place is found by halving.
 */
export async function locateDifference(options: LocateOptions): Promise<Search> {
  const { model, other = model, reference, runtime, feeds, onStep = () => {} } = options;
  const specs = [runtimeFrom(reference), runtimeFrom(runtime)] as const;
  if (specs.some((spec) => spec.runtime === "tfjs"))
    throw new UsageError("TF.js has other nodes than the .onnx: there is none to locate a difference at.");
  const starts = [
    Side.start(specs[0], model, options.timeLimit),
    Side.start(specs[1], other, options.timeLimit),
  ] as const;
  try {
    return await halve(await Promise.all(starts), { ...options, feeds, onStep }, specs);
  } finally {
    for (const start of await Promise.allSettled(starts)) if (start.status === "fulfilled") await start.value.stop();
  }
}

/** One runtime and its model, whose outputs can be chosen. */
class Side {
  readonly spec: RuntimeSpec;
  readonly model: Model;
  readonly types: ReturnType<typeof computedValues>;
  readonly #target: Target;
  readonly #seconds: number;

  static async start(spec: RuntimeSpec, given: Uint8Array | string, seconds: number = DEFAULT_SECONDS): Promise<Side> {
    const file = await modelFrom(given);
    const model = decodeModel(file.bytes, { external: await readExternal(file) });
    return new Side(spec, model, await startTarget(spec), seconds);
  }

  constructor(spec: RuntimeSpec, model: Model, target: Target, seconds: number) {
    this.spec = spec;
    this.model = model;
    this.types = computedValues(model);
    this.#target = target;
    this.#seconds = seconds;
  }

  async run(model: Model, feeds: Feeds, optimise = true): Promise<Feeds> {
    await this.#target.ask({ kind: "open", model: encodeModel(model), optimise }, this.#seconds);
    return this.#target.ask({ kind: "run", feeds }, this.#seconds);
  }

  /** Without optimisations; undefined where the runtime has no kernels for the graph's own nodes. */
  async runAsWritten(feeds: Feeds): Promise<Feeds | undefined> {
    try {
      return await this.run(this.model, feeds, false);
    } catch (error) {
      if (error instanceof RefusedError) return undefined;
      throw error;
    }
  }

  marked(names: readonly string[]): Model {
    return markOutputs(this.model, names, this.types);
  }

  stop(): Promise<void> {
    return this.#target.stop();
  }
}

async function halve(
  [ours, theirs]: readonly [Side, Side],
  { feeds, tolerance = {}, onStep }: LocateOptions & { readonly onStep: (message: string) => void },
  specs: readonly RuntimeSpec[],
): Promise<Search> {
  const compare = (expected: Feeds, actual: Feeds, names: readonly string[]): OutputReport[] =>
    names.map((name) => {
      const runtimes = specs.map((spec) => spec.runtime);
      const rule = toleranceOf(name, expected[name]?.dtype ?? "", runtimes, tolerance);
      const comparison = new OutputComparison(name, {
        ...rule,
        relativeTo: "scale",
        decisions: false,
        emptyAgrees: true,
      });
      comparison.add(actual[name], expected[name]);
      return comparison.report();
    });
  const { graph } = ours.model;
  const finals = graph.outputs.map(({ name }) => name);
  const both = (name: string): boolean => ours.types.has(name) && theirs.types.has(name);

  const plain = [await ours.run(ours.model, feeds), await theirs.run(theirs.model, feeds)] as const;
  const unmodified = compare(...plain, finals).some(({ agrees }) => !agrees);
  onStep("without optimisations …");
  const [written, writtenThere] = [await ours.runAsWritten(feeds), await theirs.runAsWritten(feeds)];
  const unoptimised = written && writtenThere && compare(written, writtenThere, finals).some(({ agrees }) => !agrees);
  let probes = 0;
  const changed = new Set<string>();
  const probe = async (names: readonly string[]) => {
    probes++;
    const expected = await ours.run(ours.marked(names), feeds);
    const actual = await theirs.run(theirs.marked(names), feeds);
    for (const [side, before, after] of [
      [ours, plain[0], expected],
      [theirs, plain[1], actual],
    ] as const)
      if (!sameBits(before, after)) changed.add(side.spec.label);
    return { expected, reports: compare(expected, actual, names) };
  };
  const differsWithin = async (last: number): Promise<boolean> => {
    onStep(`nodes 1 to ${last + 1} of ${graph.nodes.length} …`);
    const { reports } = await probe(cutAfter(graph, last).filter(both));
    return reports.some(({ agrees }) => !agrees);
  };

  const search = (found?: Located): Search => ({
    ...(found && { found }),
    unmodified,
    ...(unoptimised !== undefined && { unoptimised }),
    fusionChanged: [...changed],
    probes,
  });

  let [low, high] = [0, graph.nodes.length - 1];
  if (!(await differsWithin(high))) return search();
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await differsWithin(middle)) high = middle;
    else low = middle + 1;
  }

  const node = graph.nodes[low]!;
  const twin = twinOf(node, theirs.model);
  const reads = [...valuesRead(node)].filter((name) => !graph.initializers.has(name));
  const { expected, reports } = await probe([...reads, ...node.outputs].filter((name) => name && both(name)));
  const given = Object.fromEntries(reads.map((name) => [name, expected[name] ?? feeds[name]!]));
  const minimal = [modelOfNode(ours.model, node, ours.types), modelOfNode(theirs.model, twin, theirs.types)] as const;
  const writes = minimal[0].graph.outputs.map(({ name }) => name);
  onStep("the node alone …");
  return search({
    node: describeNode(node),
    op: node.op,
    index: low,
    nodes: graph.nodes.length,
    outputs: reports.filter(({ output }) => writes.includes(output)),
    alone: compare(await ours.run(minimal[0], given), await theirs.run(minimal[1], given), writes),
    constants: constantsThatDiffer(node, ours.model, theirs.model),
    minimal: { reference: encodeModel(minimal[0]), runtime: encodeModel(minimal[1]), feeds: given },
  });
}

/** The node of the other model that writes the same value. */
function twinOf({ outputs }: Node, { graph }: Model): Node {
  const [name] = outputs.filter(Boolean);
  const twin = graph.nodes.find((node) => node.outputs.includes(name!));
  if (!twin) throw new Error("bug: a value that was compared is computed by no node");
  return twin;
}

function constantsThatDiffer(node: Node, a: Model, b: Model): string[] {
  return [...valuesRead(node)].filter((name) => {
    const [ours, theirs] = [a.graph.initializers.get(name), b.graph.initializers.get(name)];
    return ours && theirs && !sameBits({ name: ours }, { name: theirs });
  });
}
