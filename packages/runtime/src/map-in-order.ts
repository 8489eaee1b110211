import { BatchItemError } from "./errors.ts";

/**
 * `items.map(work)`, with at most `lanes` at work at a time.
 *
 * @throws BatchItemError naming the first item, in order, that failed; no more are begun after a failure.
 */
export async function mapInOrder<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const failures = new Map<number, unknown>();
  let next = 0;

  const lane = async () => {
    while (failures.size === 0 && next < items.length) {
      const index = next++;
      try {
        results[index] = await work(items[index]!);
      } catch (error) {
        failures.set(index, error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));

  if (failures.size > 0) {
    const first = Math.min(...failures.keys());
    throw new BatchItemError(first, items.length, failures.get(first));
  }
  return results;
}
