import process from "node:process";
import { run } from "./command/run.ts";

process.exitCode = await run(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
