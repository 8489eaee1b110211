// npm run bench:train [-- --json --no-twin --rounds N --batches 64,128]
// Images per second of a whole training step, in turns with PyTorch where python3 has it and with tfjs-node where it is
// installed.
import { spawn, spawnSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openTfjsBackend } from "../../packages/trainer/src/training/tfjs-backend.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    "no-twin": { type: "boolean", default: false },
    rounds: { type: "string", default: "7" },
    batches: { type: "string", default: "32,64,128" },
    networks: { type: "string", default: "design,digits-fast" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const rounds = Number(values.rounds);
const batches = values.batches.split(",").map(Number);
/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** A process that runs rounds of steps when asked, and waits in between.
 * @param {string} program @param {string[]} args */
async function open(program, args) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} ${args[0]} ended early.`);
    return JSON.parse(value);
  };
  const about = await next();
  return {
    about,
    /** @param {object} request */
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}

const hasTorch = () => spawnSync("python3", ["-c", "import torch"]).status === 0;
const hasTfjsNode = () =>
  openTfjsBackend({ force: false }).then(
    () => true,
    () => false,
  );
const node = ["node", "--import", new URL("../../test/typescript.mjs", import.meta.url).href];
const twins = !values["no-twin"];
/** @type {Record<string, string[]>} */
const engines = {
  ours: [...node, here("ours.mjs")],
  ...(twins && hasTorch() && { torch: ["python3", here("torch_twin.py")] }),
  ...(twins && (await hasTfjsNode()) && { tfjs: [...node, here("tfjs_twin.mjs")] }),
};

/** @param {readonly number[]} numbers */
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
/** @param {number} value @param {number} [digits] */
const round = (value, digits = 2) => Number(value.toFixed(digits));

/** @param {string} network @param {number} batch */
async function compare(network, batch) {
  const running = Object.fromEntries(
    await Promise.all(
      Object.entries(engines).map(async ([name, [program = "", ...args]]) => [
        name,
        await open(program, [...args, network, String(batch), values.threads]),
      ]),
    ),
  );
  // About half a second a turn, so that a disturbance hits both alike.
  const probe = await running.ours.ask({ steps: 5 });
  const steps = Math.max(3, Math.round(500 / median(probe.times)));
  /** @type {Record<string, { medians: number[], peakRssMiB: number, operators?: object }>} */
  const results = Object.fromEntries(Object.keys(running).map((name) => [name, { medians: [], peakRssMiB: 0 }]));
  for (let i = 0; i < rounds; i++)
    for (const [name, engine] of Object.entries(running)) {
      // An engine's threads spin on for a while after their last step, and are not to hit the other's first ones.
      await setTimeout(300);
      const { times, peakRssMiB } = await engine.ask({ steps });
      results[name] = { medians: [...(results[name]?.medians ?? []), median(times)], peakRssMiB };
    }
  const { operators } = await running.ours.ask({ steps: 1, profile: true });
  for (const engine of Object.values(running)) engine.close();
  const figures = Object.fromEntries(
    Object.entries(results).map(([name, { medians, peakRssMiB }]) => {
      const stepMs = median(medians);
      return [name, { imagesPerSecond: Math.round((batch / stepMs) * 1000), stepMs: round(stepMs), peakRssMiB }];
    }),
  );
  /** How many times faster ours is, turn by turn. @param {string} twin */
  const ratioTo = (twin) =>
    round(median((results[twin]?.medians ?? []).map((ms, i) => ms / (results.ours?.medians[i] ?? Number.NaN))));
  return {
    batch,
    ...figures.ours,
    buildMs: round(running.ours.about.buildMs, 0),
    operators,
    ...(figures.torch && { torch: figures.torch, ratio: ratioTo("torch") }),
    ...(figures.tfjs && { tfjs: figures.tfjs, tfjsRatio: ratioTo("tfjs") }),
  };
}

const networks = [];
for (const name of values.networks.split(",")) {
  const rows = [];
  for (const batch of batches) {
    const row = await compare(name, batch);
    rows.push(row);
    if (!values.json) {
      const told = [
        `${row.imagesPerSecond} images/s, ${row.stepMs} ms, ${row.peakRssMiB} MiB`,
        row.torch && `PyTorch ${row.torch.imagesPerSecond} images/s, ${row.torch.peakRssMiB} MiB, ratio ${row.ratio}`,
        row.tfjs &&
          `tfjs-node ${row.tfjs.imagesPerSecond} images/s, ${row.tfjs.peakRssMiB} MiB, ratio ${row.tfjsRatio}`,
      ];
      console.log(`${name.padEnd(12)} batch ${String(batch).padStart(3)}: ${told.filter(Boolean).join("   ")}`);
    }
  }
  networks.push({ name, batches: rows });
}
if (values.json) {
  const machine = { cpu: cpus()[0]?.model, threads: Number(values.threads), node: process.version };
  console.log(
    JSON.stringify(
      { batches: networks.find(({ name }) => name === "design")?.batches ?? [], networks, machine, rounds },
      null,
      2,
    ),
  );
}
