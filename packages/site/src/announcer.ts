/** Longer than the pauses within a digit: what is read while it is drawn is not worth saying. */
const REST_MS = 800;

export interface Announcer {
  /** At once. */
  say(words: string): void;
  /** When nothing more has come for a moment; only the last is said. */
  sayAtRest(words: string): void;
}

/** Tells those who listen to the page, through a polite live region. */
export function createAnnouncer(region: HTMLElement): Announcer {
  let pending: string | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      region.textContent = pending ?? region.textContent;
      pending = undefined;
    }, REST_MS);
  };
  return {
    say(words) {
      region.textContent = words;
      wait(); // what is pending is said after it
    },
    sayAtRest(words) {
      pending = words;
      wait();
    },
  };
}
