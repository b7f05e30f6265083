/**
 * Does the work for each item, at most `limit` of them at once, so that one that takes long does not hold up the others.
 * Rejects with the first error; what is going on then goes on, and nothing more is begun.
 */
export async function inParallel<T extends object | string | number>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = [...items];
  const workThrough = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  try {
    await Promise.all(Array.from({ length: limit }, workThrough));
  } finally {
    rest.length = 0;
  }
}
