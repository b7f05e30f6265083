import type { PlaceShare } from '../../concurrency/shared-places.js';
import type { ConnectionShare } from './connection-class.js';

/**
 * What each class gets of a pool of this size. The rules: every class can always get a connection, so each has at least
 * one reserved; where more is reserved than there is, the greatest reservation is cut first; and no class may have more
 * than the reservations of the others leave.
 *
 * @throws Error when there are more classes than connections
 */
export function connectionShares<Class>(
  poolSize: number,
  wanted: ReadonlyMap<Class, ConnectionShare>,
): Map<Class, PlaceShare> {
  if (wanted.size > poolSize) throw new Error(`${wanted.size} classes of callers cannot share ${poolSize} connections`);
  const reserved = new Map([...wanted].map(([each, share]) => [each, Math.max(1, share.reserved ?? 1)]));
  const sum = (): number => [...reserved.values()].reduce((total, connections) => total + connections, 0);
  while (sum() > poolSize) {
    const [greatest, connections] = [...reserved].reduce((a, b) => (b[1] > a[1] ? b : a));
    reserved.set(greatest, connections - 1);
  }
  const unreserved = poolSize - sum();
  const shares = [...reserved].map(([each, own]): [Class, PlaceShare] => {
    const { max } = wanted.get(each) as ConnectionShare;
    return [each, { reserved: own, max: Math.max(own, Math.min(max, own + unreserved)) }];
  });
  return new Map(shares);
}
