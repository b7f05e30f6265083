import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import { REDIS_SCRIPTS } from '../../src/redis-scripts.js';
import { RedisFaults } from '../simulation/history/redis-faults.js';
import { GaleraCluster } from '../simulation/ledger/galera.js';
import { LedgerServer, type LedgerSession } from '../simulation/ledger/ledger-server.js';
import { locking, reading, type Statement } from '../simulation/ledger/statement.js';
import type { Keyspace } from '../simulation/redis/keyspace.js';
import { Lua } from '../simulation/redis/lua.js';
import { RedisFleet } from '../simulation/redis/redis-fleet.js';
import type { RedisSite } from '../simulation/redis/redis-site.js';
import { Chance } from '../simulation/world/chance.js';
import { Strikes } from '../simulation/world/strikes.js';
import { World } from '../simulation/world/world.js';

const COUPON = 1;
const ORDER = {
  id: 1,
  orderNumber: '1',
  userId: 1,
  totalAmount: 1,
  userCouponId: null,
  paidAt: null,
  cancelledAt: null,
  refundedAt: null,
  refundedAmount: null,
  eventPosition: 0,
};
const [USERS, PENDING] = [keys.users(COUPON), keys.pending(COUPON)];

describe('a simulated Redis Cluster', () => {
  let lua: Lua;
  let fleet: RedisFleet;
  let from: RedisSite;
  let to: RedisSite;

  beforeAll(async () => {
    lua = await Lua.create();
  });

  beforeEach(() => {
    fleet = new RedisFleet(new World(1), lua, REDIS_SCRIPTS, new Strikes(), 2);
    from = fleet.siteOf(USERS);
    to = fleet.sites.find((site) => site !== from) as RedisSite;
    from.process.keyspace.call(['SADD', USERS, '11']);
  });

  /** As a server answers: nothing when it has the keys. */
  function answer(site: RedisSite, asked: readonly string[], isAsking = false): string | undefined {
    try {
      fleet.assertHolds(site.process, asked, isAsking);
    } catch (error) {
      return (error as Error).message.split(' ')[0];
    }
    return undefined;
  }

  it('answers as a real one while a slot is moved', () => {
    const slot = fleet.slotOf(USERS);
    from.process.keyspace.call(['ZADD', PENDING, '1', '11']);
    expect([answer(from, [USERS]), answer(to, [USERS])]).toEqual([undefined, 'MOVED']);
    fleet.beginMove(slot, to);
    expect([answer(from, [USERS, PENDING]), answer(from, ['{1}new'])]).toEqual([undefined, 'ASK']);
    expect(fleet.moveKey(slot)).toBe(true);
    expect(answer(from, [USERS, PENDING])).toBe('TRYAGAIN');
    expect(answer(from, [USERS])).toBe('ASK');
    expect(fleet.holderOf(USERS)).toBe(to.process);
    expect([answer(to, [USERS]), answer(to, [USERS], true)]).toEqual(['MOVED', undefined]);
    expect([answer(to, [USERS, PENDING], true), answer(to, [PENDING], true)]).toEqual(['TRYAGAIN', undefined]);
    while (fleet.moveKey(slot));
    expect([answer(from, [USERS, PENDING]), answer(to, [USERS, PENDING])]).toEqual(['MOVED', undefined]);
    expect(fleet.siteOf(USERS)).toBe(to);
    expect(to.process.keyspace.set(USERS)).toEqual(new Set(['11']));
    expect(fleet.slotRanges().reduce((sum, { first, last }) => sum + last - first + 1, 0)).toBe(16_384);
  });

  it('shares no value between two servers', () => {
    const before = from.process.keyspace.snapshot();
    fleet.beginMove(fleet.slotOf(USERS), to);
    while (fleet.moveKey(fleet.slotOf(USERS)));
    to.process.keyspace.call(['SADD', USERS, '12']);
    const copy: Keyspace = from.process.keyspace;
    copy.restore(before);
    expect(copy.set(USERS)).toEqual(new Set(['11']));
  });

  it('promotes a replica with what it has, at another address', () => {
    const faults = new RedisFaults(new World(1), fleet, from, () => undefined);
    const before = from.process;
    from.stopReplica();
    before.keyspace.call(['SADD', USERS, '12']);
    expect(from.replicatedBy(before)).toBeLessThan(before.keyspace.writes);
    faults.failOver({ isHeldOpen: true, ms: 0 });
    expect(fleet.keyspaceOf(USERS).set(USERS)).toEqual(new Set(['11']));
    expect([before.isMaster, from.process.address.host === before.address.host]).toEqual([false, false]);
    fleet.keyspaceOf(USERS).call(['SADD', USERS, '13']);
    expect(from.replicatedBy(from.process)).toBe(from.process.keyspace.writes);
    expect(from.replicatedBy(before)).toBe(-1);
  });

  it('lets an old master live on beside the new one, until everyone has heard of that', () => {
    const faults = new RedisFaults(new World(1), fleet, from, () => undefined);
    const before = from.process;
    faults.split(undefined, { ms: 1000, hasMinReplicas: false });
    expect([fleet.isCurrent(before), fleet.isCurrent(from.process), before.isMaster]).toEqual([false, true, true]);
    before.keyspace.call(['SADD', USERS, '12']);
    expect(fleet.keyspaceOf(USERS).set(USERS)).toEqual(new Set(['11']));
    faults.recover();
    expect(() => before.keyspace.call(['SADD', USERS, '13'])).toThrow('READONLY');
  });
});

/** What the session hears at once. */
function ask<T>(session: LedgerSession, statement: Statement<T>, inTransaction = true): T {
  let answer: { error: Error | undefined; result?: T } | undefined;
  session.execute(statement, { inTransaction }, (error, result) => {
    answer = { error, ...(result === undefined ? {} : { result }) };
  });
  if (answer?.error !== undefined) throw answer.error;
  return answer?.result as T;
}

function commit(session: LedgerSession): string {
  let outcome = 'no answer';
  session.commit((error) => (outcome = error?.message ?? 'committed'));
  return outcome;
}

describe('a simulated Galera cluster', () => {
  let now: number;
  let galera: GaleraCluster;
  let server: LedgerServer;

  beforeEach(() => {
    now = 0;
    galera = new GaleraCluster({ now: () => now, chance: new Chance(1, 'Galera') });
    const timers = { after: () => ({ cancel: () => undefined }) };
    server = new LedgerServer({ timers, now: () => new Date(now), lockWaitMs: 1, idleTransactionMs: 1 });
    server.tables.orders.put({ ...ORDER, status: 'PENDING' });
  });

  const status = reading('status', (view) => view.find(view.tables.orders.byId, [1])?.status);
  const pay = locking('pay', (view) =>
    view.update(view.tables.orders.byId, [1], (order) => ({ ...order, status: 'PAID' as const })),
  );

  it('shows at another node what was committed when that has applied it, or waits for it', () => {
    const [one, other] = [server.openSession('a', galera.nodeOf('a')), server.openSession('b', galera.nodeOf('b'))];
    galera.isCausal = false;
    ask(one, pay);
    expect(commit(one)).toBe('committed');
    expect([ask(one, status, false), ask(other, status, false)]).toEqual(['PAID', 'PENDING']);
    now = 1000;
    expect(ask(other, status, false)).toBe('PAID');
    const third = server.openSession('c', galera.nodeOf('c'));
    galera.nodeOf('c').lagFor(5000);
    galera.isCausal = true;
    expect(ask(third, status, false)).toBe('PAID');
  });

  it('lets one of two nodes commit that have changed a row, and neither wait', () => {
    const [one, other] = [server.openSession('a', galera.nodeOf('a')), server.openSession('b', galera.nodeOf('b'))];
    expect([ask(one, pay), ask(other, pay)]).toEqual([true, true]);
    const outcomes = [commit(one), commit(other)];
    expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
    expect(outcomes.join()).toContain('Deadlock found');
    expect(server.tables.orders.byId.find([1])?.status).toBe('PAID');
  });

  it('ends a transaction whose locked row was changed by another node', () => {
    const [one, other] = [server.openSession('a', galera.nodeOf('a')), server.openSession('b', galera.nodeOf('b'))];
    const lock = locking('lock', (view) => view.lock(view.tables.orders.byId, [1]));
    expect(ask(one, lock)).toMatchObject({ status: 'PENDING' });
    ask(other, pay);
    expect(commit(other)).toBe('committed');
    now = 1000;
    expect(() => ask(one, status)).toThrow('Deadlock found');
  });
});
