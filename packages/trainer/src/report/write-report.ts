import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RunError } from "../errors.ts";
import { reportPage } from "./page/page.ts";
import { writePlots } from "./plot-files.ts";
import type { RunReport } from "./run-report.ts";

const DATA = "report.json";
/** The page's name in a run's folder. */
export const PAGE = "report.html";

/** Writes report.json, report.html and the plots into a run's folder. */
export async function writeReport(folder: string, report: RunReport): Promise<void> {
  await writeFile(join(folder, DATA), `${JSON.stringify(report)}\n`);
  await rewriteReport(folder);
}

/**
 * Makes report.html and the plots anew from report.json.
 *
 * @throws RunError when the folder has no such file, or a damaged one.
 */
export async function rewriteReport(folder: string): Promise<string> {
  const report = await readJson<RunReport>(folder, DATA);
  if (report.schemaVersion !== 1)
    throw new RunError(folder, `${DATA} of schema version ${report.schemaVersion}`, "schema version 1");
  await writePlots(folder, report);
  const aside = join(folder, `.${PAGE}.${process.pid}`);
  await writeFile(aside, reportPage(report));
  await rename(aside, join(folder, PAGE));
  return join(folder, PAGE);
}

/** A JSON file of a run. @throws RunError */
export async function readJson<T>(folder: string, file: string): Promise<T> {
  try {
    return JSON.parse(await readFile(join(folder, file), "utf8"));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new RunError(folder, missing ? `no ${file}` : `a damaged ${file}`, "the folder of a finished run", cause);
  }
}
