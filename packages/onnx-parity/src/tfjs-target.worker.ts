// The process that the tfjs target lives in: TF.js, and requests from its parent.
import process from "node:process";
import type { Reply, Request } from "./target/protocol.ts";
import { loadTfjs, type Tfjs } from "./tfjs/load-tfjs.ts";
import { loadTfjsModel, type TfjsModel } from "./tfjs/tfjs-model.ts";

let tfjs: Promise<Tfjs> | undefined;
let model: TfjsModel | undefined;

async function answer(request: Request): Promise<unknown> {
  tfjs ??= loadTfjs();
  switch (request.kind) {
    case "describe": {
      const { library } = await tfjs;
      return { library, runtime: `Node ${process.versions.node}`, threads: 1, provider: "tfjs" };
    }
    case "open":
      model?.dispose();
      model = await loadTfjsModel(request.model as string, await tfjs);
      return model.opened;
    case "run":
      return model?.run(request.feeds);
    case "close":
      model?.dispose();
      model = undefined;
      return {};
  }
}

process.on("disconnect", () => process.exit());
process.on("message", async (request: Request) => {
  const reply = await answer(request).then(
    (value) => ({ value }),
    (error: unknown) => ({ refused: error instanceof Error ? error.message : String(error), broken: false }),
  );
  process.send?.(reply as Reply<Request["kind"]>);
});
process.send?.("ready");
