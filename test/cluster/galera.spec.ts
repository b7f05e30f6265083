import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectHealed } from '../support/after-a-fault.js';
import { ApiClient, tally } from '../support/api-client.js';
import { PATIENT } from '../support/app-process.js';
import { ClusterSet } from '../support/cluster-set.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { DependencyHealth } from '../support/dependency-health.js';
import { inParallel } from '../support/in-parallel.js';
import { LaggingNode } from '../support/lagging-node.js';
import { eventually } from '../support/poll.js';
import { runCommand } from '../support/run-command.js';
import { Shop } from '../support/shop.js';
import { SteadyLoad } from '../support/steady-load.js';
import { newUserIds } from '../support/unique-ids.js';

/** Three instances behind HAProxy, each with a node of its own of a MariaDB Galera cluster. */

const INSTANCES = [1, 2, 3];
/** More than all callers together ask for. */
const TOTAL = 1_000_000;
const NODES = ['galera-1', 'galera-2', 'galera-3'];
const MIGRATE = fileURLToPath(new URL('../../dist/migrate.js', import.meta.url));

let set: ClusterSet;
let apis: ApiClient[];
let nodes: TestDatabase[];

beforeAll(async () => {
  set = await ClusterSet.start({ database: 'galera', env: { ...PATIENT, LOG_LEVEL: 'info' } });
  apis = INSTANCES.map((number) => new ApiClient(set.instanceUrl(number)));
  nodes = set.databaseUrls.map((url) => openDatabase(url));
});

/** The one of an instance, whose number is 1 for the first. */
function of<T>(each: readonly T[], number: number): T {
  return each[number - 1] as T;
}

function healthOf(number: number): DependencyHealth {
  const app = {
    url: set.instanceUrl(number),
    get logs() {
      return set.logs(`app-${number}`);
    },
  };
  return new DependencyHealth(app, 'database');
}

describe('a holder', () => {
  it('is found at once through an instance whose node has not heard of it yet', async () => {
    const { couponId } = await set.api.createCoupon({ totalQuantity: TOTAL });
    const asking = inParallel(
      newUserIds(2_000),
      async (userId, index) => {
        const { status, body } = await of(apis, (index % 2) + 1).issue(couponId, userId);
        expect(status).toBe(200);
        const look = await of(apis, 3).reservation(couponId, userId);
        return { ...look, isSame: look.body.sequenceNumber === body.sequenceNumber };
      },
      24,
    );
    const looks = await LaggingNode.nowAndThen(of(set.databaseUrls, 3), asking);
    expect(tally(looks)).toEqual({ '200': looks.length });
    expect(looks.filter(({ isSame }) => !isSame)).toEqual([]);
  });
});

describe('a node that is killed', () => {
  it('takes nobody with it, and its instance serves again with it', async () => {
    await set.balancer.knows({ well: 3 });
    const { couponId } = await set.api.createCoupon({ totalQuantity: TOTAL });
    const load = new SteadyLoad((userId) => set.api.reserve(couponId, userId), { atOnce: 24 });
    await load.sees('200', 300);
    await set.kill('galera-2');
    await load.sees('200', 1_000);
    await set.balancer.knows({ well: 2 });
    await set.start('galera-2');
    await set.balancer.knows({ well: 3 });
    await load.sees('200', 300);
    const answers = await load.stop();
    expect(tally(answers)).toEqual({ '200': answers.length });
    await expectHealed(set, couponId, answers);
  });
});

describe('a node that lags behind', () => {
  it('has its instance not serve what it would get wrong, and closes no coupon', async () => {
    await set.balancer.knows({ well: 3 });
    const { couponId } = await set.api.createCoupon({ totalQuantity: TOTAL });
    const epochBefore = (await set.api.audit(couponId)).body.redis?.epoch;
    const health = healthOf(3);
    const load = new SteadyLoad((userId) => set.api.reserve(couponId, userId), { atOnce: 24 });
    await load.sees('200', 300);

    const lag = await LaggingNode.at(of(set.databaseUrls, 3));
    await load.sees('200', 300);
    await health.isDown('NOT_SYNCED');
    await set.balancer.knows({ well: 2 });
    const holders = await inParallel(newUserIds(50), (userId) => of(apis, 1).issue(couponId, userId), 10);
    expect(tally(holders)).toEqual({ '200': holders.length });
    const looks = await inParallel(holders, ({ body }) => of(apis, 3).reservation(couponId, body.userId), 10);
    expect(tally(looks)).toEqual({ '503 DATABASE_UNAVAILABLE': looks.length });
    // It would find fewer users than hold a slot; who asks meanwhile must not notice that it was tried.
    expect(await of(apis, 3).rebuild(couponId)).toMatchObject({ status: 503, error: 'DATABASE_UNAVAILABLE' });
    await load.sees('200', 1_000);

    await lag.end();
    await health.isWell();
    await health.expectTold('NOT_SYNCED', /has not caught up/);
    await set.balancer.knows({ well: 3 });
    await load.sees('200', 300);
    const answers = await load.stop();
    expect(tally(answers)).toEqual({ '200': answers.length });
    const again = await inParallel(holders, ({ body }) => of(apis, 3).reservation(couponId, body.userId), 10);
    expect(tally(again)).toEqual({ '200': holders.length });
    expect((await set.api.audit(couponId)).body.redis?.epoch).toBe(epochBefore);
    await expectHealed(set, couponId, [...answers, ...holders]);
  });
});

describe('payments for one product', () => {
  it('go through on all nodes at once', async () => {
    const shops = apis.map((api) => new Shop(api, of(nodes, 1)));
    const shop = of(shops, 1);
    const stock = 1_000;
    const productId = await shop.product({ price: 10, stock });
    const payments = await inParallel(
      Array.from({ length: 300 }, (_, index) => (index % 3) + 1),
      async (number) => {
        const userId = await shop.user(100);
        const orderId = await of(shops, number).order(userId, [{ productId, quantity: 1 }]);
        return await of(shops, number).pay(orderId, userId);
      },
      24,
    );
    expect(tally(payments)).toEqual({ '200': payments.length });
    await eventually(async () => expect(await shop.stockOf(productId)).toBe(stock - payments.length));
  });
});

describe('the seed of a coupon', () => {
  it('is one, although the first tickets are asked for at all nodes at once', async () => {
    const startsAt = new Date(Date.now() + 300_000).toISOString();
    const coupons = await Promise.all(
      Array.from({ length: 20 }, () => set.api.createCoupon({ entry: 'ticket', entrySpreadSeconds: 600, startsAt })),
    );
    const [userId = 0] = newUserIds(1);
    for (const { couponId } of coupons) {
      const answers = await Promise.all(apis.map((api) => api.entryTicket(couponId, userId)));
      expect(tally(answers)).toEqual({ '200': INSTANCES.length });
      expect(new Set(answers.map(({ body }) => body.notBefore)).size).toBe(1);
    }
  });
});

describe('migrations', () => {
  const SCHEMA = 'firstcome_startup_test';
  let urls: string[];

  beforeAll(async () => {
    await of(nodes, 1).change(`CREATE DATABASE ${SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    urls = set.databaseUrls.map((url) => url.replace(/[^/]+$/, SCHEMA));
    // Each node creates it for itself, after the one that was told to.
    const isThere = 'SELECT 1 FROM information_schema.schemata WHERE schema_name = ?';
    for (const node of nodes) await eventually(async () => expect(await node.rows(isThere, [SCHEMA])).toHaveLength(1));
  });

  function migrate(number: number, ...words: string[]) {
    return runCommand(MIGRATE, words, { NODE_ENV: 'production', DATABASE_URL: of(urls, number) });
  }

  async function tablesOf(node: TestDatabase): Promise<object[]> {
    return await node.rows(
      `SELECT table_name AS name, column_name AS columnName, column_type AS columnType
         FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position`,
      [SCHEMA],
    );
  }

  it('that are started on all nodes at once are run by one, and the others find nothing to do', async () => {
    const runs = await Promise.all(INSTANCES.map((number) => migrate(number)));
    expect(runs.map(({ code, err }) => ({ code, err }))).toEqual(INSTANCES.map(() => ({ code: 0, err: '' })));
    const said = runs.map(({ out }) => out).toSorted();
    expect(said).toEqual([expect.stringMatching(/^migrated: /), 'nothing to migrate\n', 'nothing to migrate\n']);
    const [first = [], ...others] = await Promise.all(nodes.map((node) => tablesOf(node)));
    expect(first.length).toBeGreaterThan(0);
    for (const tables of others) expect(tables).toEqual(first);
  });

  it('can be unlocked after one that died', async () => {
    const setOwner = `UPDATE ${SCHEMA}.schema_migration_lease SET owner = ?, held_until = held_until + INTERVAL 1 HOUR`;
    await of(nodes, 1).change(setOwner, ['process 7 on nowhere']);
    await eventually(async () =>
      expect((await migrate(2, '--unlock')).out).toMatch(
        /^unlocked: process 7 on nowhere had held the lease since \d{4}-/,
      ),
    );
    expect(await migrate(3, '--unlock')).toMatchObject({ code: 0, out: 'nothing to unlock: nobody holds the lease\n' });
    expect(await migrate(3)).toMatchObject({ code: 0, out: 'nothing to migrate\n', err: '' });
  });
});

describe('a Galera cluster of which no node runs', () => {
  /** After all that the cluster has committed. */
  const CAUSALLY = 'SET STATEMENT wsrep_sync_wait = 1 FOR SELECT id FROM coupons WHERE id = ?';

  /** How many rows of a coupon a node has. */
  async function rowsAt(name: string, couponId: number): Promise<number> {
    const { address } = await set.process(name);
    const url = new URL(set.databaseUrls[0] ?? '');
    url.port = new URL(`tcp://${address}`).port;
    return (await openDatabase(url.href).rows(CAUSALLY, [couponId])).length;
  }

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
    await set.balancer.knows({ well: 3 });
    expect((await set.api.patchCoupon(couponId, { totalQuantity: 1 })).status).toBe(200);
  });
});
