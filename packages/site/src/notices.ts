import { make } from "./dom.ts";
import { inPlainWords } from "./trouble.ts";

export interface Notices {
  /** Tells of an error, with a button that tries again if there is something to try. */
  show(error: unknown, retry?: () => void): void;
  clear(): void;
}

export function createNotices(place: HTMLElement): Notices {
  const clear = () => place.replaceChildren();
  return {
    clear,
    show(error, retry) {
      const { title, advice, details } = inPlainWords(error);
      const exactly = make("details", "", make("summary", "", "What exactly?"), make("pre", "", details));
      place.replaceChildren(make("strong", "", title), make("p", "", advice), exactly);
      if (retry === undefined) return;
      const button = make("button", "", "Try again");
      button.type = "button";
      button.addEventListener("click", retry);
      place.append(button);
    },
  };
}
