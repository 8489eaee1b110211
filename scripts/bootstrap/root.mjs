import { fileURLToPath } from "node:url";

/** The repository's folder, whatever it is called and wherever the command is run from. */
export const root = fileURLToPath(new URL("../../", import.meta.url));
