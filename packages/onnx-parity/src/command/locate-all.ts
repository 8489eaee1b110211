import { join } from "node:path";
import type { Tolerances } from "../compare/tolerance.ts";
import { type Inputs, modelFrom, type ParityReport } from "../compare-runtimes.ts";
import { type Located, locateDifference } from "../locate/locate-difference.ts";
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
    const run = outputs.find(({ agrees }) => !agrees)?.worst?.run ?? 0;
    const { model, models, tolerance, timeLimit } = request;
    const other = models[runtime];
    const located = await locateDifference({
      ...{ model: (await modelFrom(models[report.reference] ?? model)).bytes, reference: report.reference, runtime },
      other: (await modelFrom(other ?? model)).bytes,
      feeds: await feedsOf(request.inputs, report.ports, run),
      ...{ tolerance, timeLimit },
      onStep: (message) => progress.doing(`${runtime}: ${message}`),
    }).finally(() => progress.done());
    const folder = differing.length > 1 ? join(request.folder, runtime.replace(":", "-")) : request.folder;
    const files = located ? await writeMinimal(folder, located) : [];
    texts.push(
      json ? `${JSON.stringify({ runtime, ...located, minimal: files })}\n` : describe(runtime, located, files),
    );
  }
  return texts.join("");
}

async function feedsOf(inputs: Inputs, ports: readonly Port[], wanted: number): Promise<Feeds> {
  let run = 0;
  for await (const feeds of typeof inputs === "function" ? inputs(ports) : inputs) if (run++ === wanted) return feeds;
  throw new Error("bug: there are fewer inputs than were run");
}

function describe(runtime: string, located: Located | undefined, files: readonly string[]): string {
  if (!located)
    return `\n${runtime}: no operator differs once values are marked as outputs; marking them kept nodes from being fused.\n`;
  const { node, index, nodes, outputs, alone, constants, fusionChanged, probes, unmodified } = located;
  const [here, there] = [outputs[0], alone[0]];
  const lines = [
    `first to differ: ${node}, node ${index + 1} of ${nodes}${here ? ` (${number(here.maxRel)} of its scale)` : ""}`,
    there?.agrees
      ? `given the reference's values it agrees (${number(there.maxRel)}): what came before adds up to the difference`
      : `given the reference's values it differs alone, too${there ? ` (${number(there.maxRel)})` : ""}`,
    ...constants.map((name) => `constant "${name}" is not the same in the two files`),
    ...(unmodified ? [] : ["the outputs of the graph as it stands agree"]),
    ...(fusionChanged.length > 0
      ? [
          `marking outputs changed the results of ${fusionChanged.join(", ")}: nodes were not fused as they are otherwise`,
        ]
      : []),
    `found with ${probes} marked models; to see it again: ${files.join(", ")}`,
  ];
  return `\n${runtime}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
