/**
 * Calls `work` for every item, at most `limit` at once, and returns the results in the order of the items. The first
 * error is thrown after the calls under way have ended.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
  limit = Number.POSITIVE_INFINITY,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  // All workers take from the one iterator, so every item is taken once.
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  const failed = ended.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results;
}

/** A copy in random order. */
export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
