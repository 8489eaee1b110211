// Makes plain Node read the sources, for what vitest does not load itself: the workers and child processes that code
// under test starts. They inherit `--import` of this file, and so run the same sources as the test.
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
