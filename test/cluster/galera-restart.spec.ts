import { beforeAll, describe, expect, it } from '@jest/globals';
import { ClusterSet } from '../support/cluster-set.js';
import { openDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';

/** A Galera cluster of which all nodes end, at different times. */

const NODES = ['galera-1', 'galera-2', 'galera-3'];

let set: ClusterSet;

beforeAll(async () => {
  set = await ClusterSet.start({ database: 'galera', instances: 1 });
});

/** After all that the cluster has committed. */
const CAUSALLY = 'SET STATEMENT wsrep_sync_wait = 1 FOR SELECT id FROM coupons WHERE id = ?';

/** How many rows of a coupon a node has. */
async function rowsAt(name: string, couponId: number): Promise<number> {
  const { address } = await set.process(name);
  const url = new URL(set.databaseUrls[0] ?? '');
  url.port = new URL(`tcp://${address}`).port;
  return (await openDatabase(url.href).rows(CAUSALLY, [couponId])).length;
}

describe('a Galera cluster of which no node runs', () => {
  it('is begun again only by a node that has seen all, and the others take from it what they have missed', async () => {
    await set.kill('galera-3');
    // The two that are left wait for the third until they believe that it is dead.
    const { couponId } = await eventually(() => set.api.createCoupon());
    await Promise.all([set.kill('galera-1'), set.kill('galera-2')]);

    const refusal = await set.start('galera-3').then(String, String);
    expect(refusal).toMatch(/No Galera node runs, and galera-[12] has seen more than galera-3\. Start that first/);
    const newest = /galera-[12]/.exec(refusal)?.[0] ?? '';
    await set.start(newest);
    for (const name of NODES.filter((each) => each !== newest)) await set.start(name);

    expect(await inParallel(NODES, (name) => rowsAt(name, couponId))).toEqual([1, 1, 1]);
    await set.balancer.knows({ well: 1 });
    expect((await set.api.patchCoupon(couponId, { totalQuantity: 1 })).status).toBe(200);
  });
});
