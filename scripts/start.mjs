import { refuseOldNode } from "./bootstrap/refuse-old-node.mjs";

refuseOldNode();
import("./bootstrap/commands/start.mjs");
