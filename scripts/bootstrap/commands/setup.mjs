import { command } from "../command.mjs";
import { root } from "../root.mjs";
import { setUp } from "../set-up.mjs";

await command(async () => {
  await setUp(root);
  console.log("✓ ready: `npm start` trains, `npm test` tests");
  return 0;
});
