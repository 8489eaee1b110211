import type { Reading } from "@glyphcast/runtime-web";
import type { Announcer } from "./announcer.ts";
import { type Answer, answerTo, NOTHING_DRAWN } from "./answer.ts";
import { createBars } from "./bars.ts";
import { byId } from "./dom.ts";
import { clearSeen, showSeen } from "./seen.ts";

/** What is read: the digit in large, a bar for each, and the pixels that the model sees. */
export interface Panel {
  /** `fraction`: how much is loaded, where that is known. */
  showLoading(words: string, fraction?: number): void;
  showFailure(words: string): void;
  showReading(reading: Reading): void;
  showNothing(): void;
}

export function createPanel(announcer: Announcer): Panel {
  const answer = byId("answer", HTMLElement);
  const glyph = byId("glyph", HTMLElement);
  const detail = byId("detail", HTMLElement);
  const progress = byId("progress", HTMLProgressElement);
  const seen = byId("seen", HTMLCanvasElement);
  const bars = createBars(byId("bars", HTMLElement), [..."0123456789"]);

  const show = (state: Answer["state"] | "loading" | "failed", large: string, small: string) => {
    answer.dataset.state = state;
    glyph.textContent = large;
    detail.textContent = small;
    progress.hidden = state !== "loading";
  };
  const say = ({ state, glyph, detail, spoken }: Answer) => {
    show(state, glyph, detail);
    announcer.sayAtRest(spoken);
  };

  return {
    showLoading(words, fraction) {
      show("loading", "loading", words);
      if (fraction === undefined) progress.removeAttribute("value");
      else progress.value = fraction;
    },
    showFailure(words) {
      show("failed", "–", words);
      bars.reset();
      clearSeen(seen);
    },
    showReading(reading) {
      say(answerTo(reading));
      bars.show(reading.candidates);
      showSeen(seen, reading.pixels);
    },
    showNothing() {
      say(NOTHING_DRAWN);
      bars.reset();
      clearSeen(seen);
    },
  };
}
