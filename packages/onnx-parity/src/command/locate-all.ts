import { join } from "node:path";
import type { OutputReport } from "../compare/output-comparison.ts";
import type { Tolerances } from "../compare/tolerance.ts";
import type { Inputs, ParityReport } from "../compare-runtimes.ts";
import { type Located, locateDifference, type Search } from "../locate/locate-difference.ts";
import { writeMinimal } from "../locate/write-minimal.ts";
import { number } from "../report/text.ts";
import type { Feeds, Port } from "../target/protocol.ts";
import type { progressOn } from "./terminal.ts";

export interface LocateRequest {
  readonly model: string;
  readonly models: Readonly<Record<string, string>>;
  readonly inputs: Inputs;
  readonly tolerance: Tolerances;
  readonly timeLimit: number;
  readonly folder: string;
}

/** Looks for the first difference of every runtime that differs, with the input for which it differed most. */
export async function locateAll(
  report: ParityReport,
  request: LocateRequest,
  json: boolean,
  progress: ReturnType<typeof progressOn>,
): Promise<string> {
  const differing = report.runtimes.filter(
    ({ status, outputs }) => status === "differs" && outputs.some((o) => !o.agrees),
  );
  const texts: string[] = [];
  for (const { runtime, outputs } of differing) {
    if (runtime === "tfjs") {
      texts.push(json ? "" : NO_NODES);
      continue;
    }
    const run = outputs.find(({ agrees }) => !agrees)?.worst?.run ?? 0;
    const { model, models, tolerance, timeLimit } = request;
    const search = await locateDifference({
      ...{ model: models[report.reference] ?? model, reference: report.reference, runtime },
      other: models[runtime] ?? model,
      feeds: await feedsOf(request.inputs, report.ports, run),
      ...{ tolerance, timeLimit },
      onStep: (message) => progress.doing(`${runtime}: ${message}`),
    }).finally(() => progress.done());
    const folder = differing.length > 1 ? join(request.folder, runtime.replace(":", "-")) : request.folder;
    const files = search.found ? await writeMinimal(folder, search.found) : [];
    const { found, ...rest } = search;
    texts.push(
      json ? `${JSON.stringify({ runtime, ...rest, ...found, minimal: files })}\n` : describe(runtime, search, files),
    );
  }
  return texts.join("");
}

const NO_NODES = `
tfjs
  TF.js has other nodes than the .onnx; tfjs-to-onnx --debug looks for the first layer that differs
`;

async function feedsOf(inputs: Inputs, ports: readonly Port[], wanted: number): Promise<Feeds> {
  let run = 0;
  for await (const feeds of typeof inputs === "function" ? inputs(ports) : inputs) if (run++ === wanted) return feeds;
  throw new Error("bug: there are fewer inputs than were run");
}

function describe(runtime: string, search: Search, files: readonly string[]): string {
  const { found, fusionChanged, probes, unmodified } = search;
  const lines = [
    ...(found
      ? foundLines(found)
      : ["no operator differs once values are marked as outputs: marking them kept nodes from being fused"]),
    ...(unmodified ? [] : ["the outputs of the graph as it stands agree"]),
    ...optimiserLines(search),
    ...(fusionChanged.length > 0
      ? [
          `marking outputs changed the results of ${fusionChanged.join(", ")}: nodes were not fused as they are otherwise`,
        ]
      : []),
    `found with ${probes} marked models${files.length > 0 ? `; to see it again: ${files.join(", ")}` : ""}`,
  ];
  return `\n${runtime}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function foundLines({ node, index, nodes, outputs, alone, constants }: Located): string[] {
  const [here] = outputs;
  const place = `${node}, node ${index + 1} of ${nodes}`;
  const lines = here?.agrees
    ? [`comes with ${place}, and goes when what that reads is marked as an output`]
    : [`first to differ: ${place}${here ? ` (${number(here.maxRel)} of its scale)` : ""}`, aloneLine(alone[0])];
  return [...lines, ...constants.map((name) => `constant "${name}" is not the same in the two files`)];
}

function aloneLine(alone: OutputReport | undefined): string {
  const size = alone ? ` (${number(alone.maxRel)})` : "";
  return alone?.agrees
    ? `given the reference's values it agrees${size}: what came before adds up to the difference`
    : `given the reference's values it differs alone, too${size}`;
}

function optimiserLines({ unmodified, unoptimised }: Search): string[] {
  if (!unmodified) return [];
  if (unoptimised === undefined) return ["without optimisations the graph could not be run on both"];
  return unoptimised
    ? ["differs without the runtimes' optimisations, too: it is no matter of what they fuse"]
    : ["differs only with optimisations on: it is what an optimiser fused or folded, not a kernel"];
}
