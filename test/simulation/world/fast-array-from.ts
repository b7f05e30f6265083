/**
 * Makes `Array.from({ length })` as fast as `new Array(length).fill(undefined)`, which answers the same. lru-cache calls
 * it for each of an instance's caches of 10,000 coupons: with Node's own an instance would take 10 ms to start, and
 * starting would take longer than what happens in a history.
 */
export function makeArrayFromFast(): void {
  const original = Array.from.bind(Array) as (...args: unknown[]) => unknown[];
  Array.from = ((...args: unknown[]) => {
    const [source] = args;
    const length = args.length === 1 && isOnlyLength(source) ? source.length : undefined;
    return length === undefined ? original(...args) : filled(length);
  }) as typeof Array.from;
}

function filled(length: number): undefined[] {
  const items: undefined[] = [];
  items.length = length;
  return items.fill(undefined);
}

function isOnlyLength(source: unknown): source is { length: number } {
  if (typeof source !== 'object' || source === null || Object.getPrototypeOf(source) !== Object.prototype) return false;
  const keys = Object.keys(source);
  return keys.length === 1 && keys[0] === 'length' && Number.isInteger((source as { length: unknown }).length);
}
