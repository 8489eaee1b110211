import { refuseOldNode } from "./bootstrap/refuse-old-node.mjs";

refuseOldNode();
import("./bootstrap/commands/setup.mjs");
