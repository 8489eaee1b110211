/**
 * Has `work` done whenever it is asked for, but only once at a time: requests that come meanwhile become one, done next.
 *
 * So an answer is never about a drawing much older than the last, however slow the machine. `work` does not reject.
 */
export function latestOnly(work: () => Promise<void>): () => void {
  let underWay = false;
  let askedAgain = false;
  return async () => {
    askedAgain = true;
    if (underWay) return;
    underWay = true;
    while (askedAgain) {
      askedAgain = false;
      await work();
    }
    underWay = false;
  };
}
