import { join, resolve } from "node:path";
import { RunError } from "../errors.ts";
import type { Io } from "../io.ts";
import { json } from "../report/json.ts";
import { latestRun } from "../report/run-folder.ts";
import { typedPath } from "../report/typed-path.ts";
import { rewriteReport } from "../report/write-report.ts";

export interface ReportArguments {
  readonly run?: string | undefined;
  readonly json: boolean;
}

/** Makes a run's report.html anew, from its report.json. */
export async function report(args: ReportArguments, io: Io): Promise<void> {
  const folder = args.run === undefined ? await latestRun(join(io.cwd, "runs")) : resolve(io.cwd, args.run);
  if (folder === undefined) throw new RunError("runs", "no newest run", "a run to report on");
  const path = typedPath(await rewriteReport(folder), io.cwd);
  io.stdout.write(args.json ? json({ report: path }) : `${path}\n`);
}
