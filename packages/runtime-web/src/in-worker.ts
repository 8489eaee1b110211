// The other end of a test in load.browser.test.ts: loads a model in a worker of a page, classifies what it is sent, and posts the answer or
// the error's code and message.
import { type LoadOptions, load } from "./load.ts";

export interface Order {
  readonly folder: string;
  readonly options: LoadOptions;
  readonly picture: Blob;
}

export interface Outcome {
  readonly label?: string;
  readonly provider?: string;
  readonly code?: string;
  readonly message?: string;
}

const answer = (outcome: Outcome) => postMessage(outcome);

addEventListener("message", async ({ data }: MessageEvent<Order>) => {
  try {
    const model = await load(data.folder, data.options);
    const [best] = await model.classify(data.picture);
    answer({ label: best!.label, provider: model.provider.name });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    answer(code === undefined ? { message } : { code, message });
  }
});
