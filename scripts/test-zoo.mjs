// npm run test:zoo -- [models] [seed]
// Converts many random models of tfjs-to-onnx's layers and compares each with TF.js: 5,000 from a seed of the moment.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

const [models = "5000", seed = `${Date.now() % 2 ** 31}`] = process.argv.slice(2);
console.log(`${models} models, seed ${seed}`);
const root = fileURLToPath(new URL("..", import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--project",
    "node",
    "packages/tfjs-to-onnx/src/compose.test.ts",
    "-t",
    "any operator set",
  ],
  { cwd: root, stdio: "inherit", env: { ...process.env, ZOO_RUNS: models, ZOO_SEED: seed } },
);
process.exit(status ?? 1);
