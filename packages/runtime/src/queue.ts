/** Runs what it is given one after the other, whoever asks. */
export type Queue = <T>(job: () => Promise<T>) => Promise<T>;

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = last.then(job);
    last = result.catch(() => undefined); // a failure is its caller's, the next job starts all the same
    return result;
  };
}
