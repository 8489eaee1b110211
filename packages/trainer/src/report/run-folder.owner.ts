// A process that opens a run's folder and waits to be killed: for run-folder.test.ts.
import { openRunFolder } from "./run-folder.ts";

await openRunFolder(process.argv[2]!, "first", new Date("2026-03-01T12:30:45.678Z"));
process.on("message", () => {}); // it lives as long as the channel does
process.send!("open");
