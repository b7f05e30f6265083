import { beforeAll, describe, expect, test } from '@jest/globals';
import { type CloudEvent, cloudEvent } from '../../src/events/cloud-event.js';
import type { EventType } from '../../src/events/told-event.js';
import type { OutboxRow } from '../simulation/ledger/rows.js';
import { Receiver } from '../simulation/sinks/receiver.js';
import type { FailureReason } from '../../src/coupon/issuance-failure.entity.js';
import { reservationKeys as keys, scriptKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { ReservationUnavailableError } from '../../src/coupon/coupon.errors.js';
import { REDIS_SCRIPTS } from '../../src/redis-scripts.js';
import { dayKeys, memberOf, rankingKeys } from '../../src/ranking/ranking-keys.js';
import { Observer } from '../simulation/history/observer.js';
import { placeCoupons } from '../simulation/history/place-coupons.js';
import { type CouponPlan, drawPlan } from '../simulation/history/plan.js';
import { Violation } from '../simulation/history/violation.js';
import { LedgerSite } from '../simulation/ledger/ledger-site.js';
import { locking } from '../simulation/ledger/statement.js';
import { Lua } from '../simulation/redis/lua.js';
import { RedisFleet } from '../simulation/redis/redis-fleet.js';
import { Party } from '../simulation/world/party.js';
import { Strikes } from '../simulation/world/strikes.js';
import { EPOCH_MS, World } from '../simulation/world/world.js';

const COUPON = 1;
/** Of a cluster; the coupon is not on the first one, which is in trouble. */
const SHARDS = 2;
/** On the first one. */
const OTHER_COUPON = 2;
const LOCK_COUPON = 3;
const TOTAL = 2;
const NOW = new Date(EPOCH_MS);
const DAY = '2027-01-15';
const PLANS: CouponPlan[] = (['reservation', 'lock'] as const).map((strategy) => ({
  couponId: strategy === 'lock' ? LOCK_COUPON : COUPON,
  strategy,
  totalQuantity: TOTAL,
  codeFormat: 'none',
  users: [11, 12],
  isNotOpenYet: false,
  endsAfterMs: undefined,
  isDeleted: false,
}));

let lua: Lua;
beforeAll(async () => {
  lua = await Lua.create();
});

/** The stores of a history without any instance: whatever happens in them is done by the test. */
class Stores {
  readonly world = new World(1);
  readonly redis = new RedisFleet(this.world, lua, REDIS_SCRIPTS, new Strikes(), SHARDS);
  readonly site = this.redis.siteOf(keys.state(COUPON));
  readonly ledger = new LedgerSite(this.world, new Strikes());
  readonly receiver = new Receiver(this.world, 'a receiver');
  readonly observer = new Observer(
    this.world,
    { coupons: PLANS, settings: { REDIS_WAIT_REPLICAS: '1' }, shardInTrouble: 0 },
    this.redis,
    this.ledger,
    [this.receiver],
  );

  constructor() {
    placeCoupons({ ...drawPlan(1), coupons: PLANS }, this.ledger.server.tables);
    const { process } = this.site;
    const fields = { server: process.identity, total: 99, startsAt: 0, expiresAt: EPOCH_MS * 2, active: 1, version: 1 };
    this.redisCommand('HSET', keys.state(COUPON), ...Object.entries(fields).flat());
    this.redisCommand('SET', keys.reserved(COUPON), 0);
    this.redisCommand('SET', keys.sequence(COUPON), 0);
  }

  redisCommand(...words: Array<string | number>): void {
    this.site.process.keyspace.call(words.map(String));
  }

  script(name: string, ...keysAndArguments: Array<string | number>): void {
    this.site.runScript(this.site.process, name, keysAndArguments.map(String));
  }

  reserve(userId: number): void {
    this.script('reserveCoupon', ...scriptKeys(COUPON), 0, 0, userId);
  }

  settle(script: 'confirmReservations' | 'releaseReservations', userId: number, sequenceNumber: number): void {
    this.script(script, ...scriptKeys(COUPON), 1, userId, sequenceNumber, keys.outcomes(COUPON), 'an instance');
  }

  /** Redis forgets that the user holds one; its keys agree all the same. */
  takeSlotFrom(userId: number): void {
    this.redisCommand('SREM', keys.users(COUPON), userId);
    this.redisCommand('DECR', keys.reserved(COUPON));
  }

  /** As a transaction of its own, with what is told of it: by default what has happened. */
  row(
    userId: number,
    sequenceNumber: number,
    couponId = COUPON,
    told: OutboxRow[] = [
      this.told('firstcome.coupon.issued', `coupons/${couponId}`, couponId, [[userId, sequenceNumber]]),
    ],
    expiresAt = this.ledger.server.tables.coupons.byId.find([couponId])?.expiresAt ?? NOW,
  ): void {
    const { userCoupons } = this.ledger.server.tables;
    const numbers = { id: userCoupons.takeId(), couponId, userId, sequenceNumber };
    const times = { issuedAt: NOW, expiresAt, usedAt: null, revokedAt: null };
    const row = { ...numbers, ...times, code: null, slotReturned: false };
    this.commit(
      locking('row', function* (view) {
        yield* view.insert(userCoupons, [row]);
        yield* view.insert(view.tables.outbox, told);
      }),
    );
  }

  failure(userId: number, sequenceNumber: number, reason: FailureReason): void {
    const { issuanceFailures: table } = this.ledger.server.tables;
    const numbers = { id: table.takeId(), couponId: COUPON, userId, sequenceNumber };
    const failure = { ...numbers, reason, detail: '', failedAt: NOW, retriedAt: null };
    const pairs = [[userId, sequenceNumber]];
    const told = this.told('firstcome.coupon.failed', `coupons/${COUPON}`, COUPON, pairs);
    this.commit(
      locking('failure', function* (view) {
        yield* view.insert(table, [failure]);
        yield* view.insert(view.tables.outbox, [told]);
      }),
    );
  }

  /** To now. */
  moveUseBy(userCouponId: number): void {
    const { byId } = this.ledger.server.tables.userCoupons;
    this.commit(
      locking('move', function* (view) {
        yield* view.update(byId, [userCouponId], (row) => ({ ...row, expiresAt: NOW }));
      }),
    );
  }

  order(id: number, userCouponId: number | null = null): void {
    const { orders, orderItems } = this.ledger.server.tables;
    orderItems.put({ orderId: id, productId: 7, quantity: 2 });
    const order = {
      id,
      orderNumber: `${id}`,
      userId: 1,
      totalAmount: 1,
      userCouponId,
      paidAt: null,
      cancelledAt: null,
      refundedAt: null,
      refundedAmount: null,
      eventPosition: 0,
    };
    orders.put({ ...order, status: 'PENDING' });
  }

  pay(id: number, paidAt = NOW): void {
    const { byId } = this.ledger.server.tables.orders;
    const status = 'PAID' as const;
    const told = this.told('firstcome.order.paid', `orders/${id}`, null, {});
    this.commit(
      locking('pay', function* (view) {
        const eventPosition = told.position;
        yield* view.update(byId, [id], (order) => ({ ...order, status, paidAt, eventPosition }));
        yield* view.insert(view.tables.outbox, [told]);
      }),
    );
  }

  refund(id: number, told = [this.told('firstcome.order.refunded', `orders/${id}`, null, {})]): void {
    const { byId } = this.ledger.server.tables.orders;
    const status = 'REFUNDED' as const;
    this.commit(
      locking('refund', function* (view) {
        yield* view.update(byId, [id], (order) => {
          return {
            ...order,
            status,
            refundedAt: NOW,
            refundedAmount: 1,
            eventPosition: order.eventPosition + told.length,
          };
        });
        yield* view.insert(view.tables.outbox, told);
      }),
    );
  }

  /** An event at the next position of its subject. */
  told(type: EventType, subject: string, couponId: number | null, content: unknown): OutboxRow {
    const position = this.ledger.server.tables.outbox.rows().filter((row) => row.subject === subject).length + 1;
    return {
      type,
      subject,
      position,
      couponId,
      content: JSON.stringify(content),
      occurredAt: NOW,
      isDispatched: false,
    };
  }

  /** As if no paid order was read. */
  reconcileWithoutCounting(): void {
    const rankingOfDay = [...dayKeys(DAY), rankingKeys.reconciling(DAY)];
    this.script('beginReconcile', ...rankingOfDay, 'token', 1000);
    this.script('endReconcile', ...rankingOfDay.slice(2), 'token', EPOCH_MS + this.world.now, 1000);
  }

  private commit(statement: ReturnType<typeof locking<unknown>>): void {
    const session = this.ledger.server.openSession('test');
    session.execute(statement, { inTransaction: false }, (error) => {
      if (error !== undefined) throw error;
    });
  }
}

/** As it is told when its users have the user coupons with these ids. */
function eventOf(row: OutboxRow): CloudEvent {
  const pairs = JSON.parse(row.content) as Array<[number, number]>;
  const items = pairs.map(([userId, sequenceNumber]) => ({ userId, sequenceNumber, userCouponId: userId }));
  return cloudEvent(row, { items });
}

/** What goes wrong, and the check that must see it. */
const FAULTS: ReadonlyArray<readonly [check: string, fault: string, plant: (stores: Stores) => void]> = [
  [
    'P1',
    'more rows than the total',
    (stores) => {
      for (const user of [11, 12, 13]) stores.reserve(user);
      for (const user of [11, 12, 13]) stores.row(user, user - 10);
      stores.observer.check();
    },
  ],
  [
    'P1',
    'more rows of a lock coupon than its total',
    (stores) => {
      for (const user of [11, 12, 13]) stores.row(user, user, LOCK_COUPON);
      stores.observer.check();
    },
  ],
  [
    'P12',
    'a row of which nobody is told',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1, COUPON, []);
      stores.observer.check();
    },
  ],
  [
    'P12',
    'somebody is told of a row that there is not',
    (stores) => {
      for (const user of [11, 12]) stores.reserve(user);
      const pairs = [
        [11, 1],
        [12, 2],
      ];
      stores.row(11, 1, COUPON, [stores.told('firstcome.coupon.issued', `coupons/${COUPON}`, COUPON, pairs)]);
      stores.observer.check();
    },
  ],
  [
    'P12',
    'a position is left out',
    (stores) => {
      stores.reserve(11);
      const told = stores.told('firstcome.coupon.issued', `coupons/${COUPON}`, COUPON, [[11, 1]]);
      stores.row(11, 1, COUPON, [{ ...told, position: 2 }]);
      stores.observer.check();
    },
  ],
  [
    'P12',
    'a receiver is told of what nobody has decided',
    (stores) => {
      stores.receiver.receive(eventOf(stores.told('firstcome.coupon.issued', 'coupons/1', COUPON, [[11, 1]])));
      stores.observer.check();
    },
  ],
  [
    'P12',
    'a receiver is told of the second before the first',
    (stores) => {
      for (const user of [11, 12]) stores.reserve(user);
      for (const user of [11, 12]) stores.row(user, user - 10);
      const second = stores.ledger.server.tables.outbox.rows().find(({ position }) => position === 2);
      stores.receiver.receive(eventOf(second as OutboxRow));
      stores.observer.check();
    },
  ],
  [
    'P2',
    'a user with two rows',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.ledger.server.tables.userCoupons.remove(stores.ledger.server.tables.userCoupons.rows()[0] as never);
      stores.row(11, 1);
    },
  ],
  [
    'P2',
    'a holder who is admitted again',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.takeSlotFrom(11);
      stores.reserve(11);
    },
  ],
  [
    'P3',
    'a reservation that is neither pending nor decided',
    (stores) => {
      stores.reserve(11);
      stores.redisCommand('ZREM', keys.pending(COUPON), 11);
      stores.observer.check();
    },
  ],
  [
    'P3',
    'a reservation told that a fail-over loses, though its caller waits for a replica',
    (stores) => {
      stores.reserve(11);
      stores.observer.answered(COUPON, 11, 1, 'RESERVED');
      stores.redisCommand('ZREM', keys.pending(COUPON), 11);
      stores.observer.mayHaveLost('FAIL_OVER');
    },
  ],
  [
    'healthy shards',
    'a coupon refused whose server is well',
    (stores) => {
      stores.world.now = 10_000;
      stores.observer.refusedFor(COUPON, new ReservationUnavailableError(COUPON));
    },
  ],
  [
    'P4',
    'someone admitted for whom there is no stock',
    (stores) => {
      stores.reserve(11);
      stores.failure(11, 1, 'SOLD_OUT_IN_LEDGER');
    },
  ],
  [
    'P5',
    'a number given twice',
    (stores) => {
      stores.reserve(11);
      stores.redisCommand('SET', keys.sequence(COUPON), 0);
      stores.reserve(12);
    },
  ],
  [
    'P5',
    'a number below one that was given before',
    (stores) => {
      stores.redisCommand('SET', keys.sequence(COUPON), 9);
      stores.reserve(11);
      stores.redisCommand('SET', keys.sequence(COUPON), 4);
      stores.reserve(12);
    },
  ],
  [
    'P11',
    'a reservation that waits though nothing is wrong with its coupon',
    (stores) => {
      stores.reserve(11);
      stores.world.now += 60_000;
      stores.observer.checkPace();
    },
  ],
  [
    'slots',
    "a holder's slot that is given back",
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.settle('releaseReservations', 11, 1);
    },
  ],
  [
    'slots',
    'a reservation without its slot',
    (stores) => {
      stores.reserve(11);
      stores.takeSlotFrom(11);
      stores.observer.check();
    },
  ],
  [
    'rebuild',
    'a coupon that is opened without a holder',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.redisCommand('ZREM', keys.pending(COUPON), 11);
      const ends = [...scriptKeys(COUPON), keys.rebuildLock(COUPON), keys.rebuildUsers(COUPON)];
      stores.script('beginRebuild', ...ends, 'token', 1000, 0, 0);
      stores.script('swapRebuilt', ...ends, 'token', 0, 0, 'version', 1);
    },
  ],
  [
    'holders',
    'a holder of whose row Redis was told, without a slot',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.settle('confirmReservations', 11, 1);
      stores.reserve(12);
      stores.takeSlotFrom(11);
      stores.row(12, 2);
      stores.settle('confirmReservations', 12, 2);
    },
  ],
  [
    'definition',
    'an older definition in the place of a newer one',
    (stores) => {
      const { process } = stores.site;
      const told = stores.redis.watch({ name: 'publishDefinition', keys: [keys.state(COUPON)], args: [], process });
      told?.(1);
    },
  ],
  ['nothing is invented', 'a row of nobody', (stores) => stores.row(11, 1)],
  ['nothing is invented', 'a failure of nobody', (stores) => stores.failure(11, 1, 'REFUSED_BY_DATABASE')],
  [
    'nothing is invented',
    'a number told that was never given',
    (stores) => stores.observer.answered(COUPON, 11, 1, 'RESERVED'),
  ],
  ['nothing is invented', 'a reservation seen that never was', (stores) => stores.observer.saw(COUPON, 11, 'RESERVED')],
  [
    'decided once',
    'a failure of a number that has a row',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.failure(11, 1, 'REFUSED_BY_DATABASE');
    },
  ],
  [
    'an answer is not taken back',
    'an issued coupon told without a row',
    (stores) => {
      stores.reserve(11);
      stores.observer.answered(COUPON, 11, 1, 'ISSUED');
    },
  ],
  ['an answer is not taken back', 'an order told paid that is not', (stores) => stores.observer.orders.toldPaid(1)],
  [
    'an answer is not taken back',
    'an order told to have ended that has not',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.observer.orders.toldEnded(1);
    },
  ],
  [
    'orders end once',
    'an order refunded that was not paid',
    (stores) => {
      stores.order(1);
      stores.refund(1);
    },
  ],
  [
    'used once',
    'an order paid with a user coupon that is not used',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.order(1, 1);
      stores.pay(1);
    },
  ],
  [
    'P12',
    'a refund that nobody is told',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.refund(1, []);
      stores.observer.check();
    },
  ],
  [
    'ranking',
    'a refund counted down twice',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.refund(1);
      for (const marker of ['one', 'other'])
        stores.script('uncountOrders', ...dayKeys(DAY), 1000, 1, marker, 1, memberOf(7), 2);
    },
  ],
  [
    'ranking',
    'a refunded sale shown long after',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.refund(1);
      stores.world.now = 60_000;
      stores.observer.ranking.shown(DAY, [{ productId: 7, salesCount: 2 }], 0);
    },
  ],
  [
    'ranking',
    'a day complete with a sale that was refunded before the reconcile began',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.script('countOrders', ...dayKeys(DAY), 1000, 1, 1, memberOf(7), 2);
      stores.refund(1);
      stores.world.now = 1000;
      stores.reconcileWithoutCounting();
    },
  ],
  [
    'P14',
    'a user coupon with another use-by time than its coupon says',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1, COUPON, undefined, NOW);
    },
  ],
  [
    'P14',
    'a use-by time that changes, though nobody has asked for it',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.moveUseBy(1);
    },
  ],
  [
    'P14',
    'a use-by time that changes to one that its coupon has not',
    (stores) => {
      stores.reserve(11);
      stores.row(11, 1);
      stores.observer.useBy.mayApply(COUPON);
      stores.moveUseBy(1);
    },
  ],
  [
    'paid once',
    'an order paid twice',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.pay(1, new Date(EPOCH_MS + 1));
    },
  ],
  [
    'ranking',
    'a sale counted that was not paid',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.script('countOrders', ...dayKeys(DAY), 1000, 1, 1, memberOf(7), 2);
      stores.script('countOrders', ...dayKeys(DAY), 1000, 2, 1, memberOf(7), 2);
    },
  ],
  [
    'ranking',
    'a sale shown that was not paid',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.observer.ranking.shown(DAY, [{ productId: 7, salesCount: 3 }], 0);
    },
  ],
  [
    'ranking',
    'a sale not shown long after it was paid',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.world.now = 60_000;
      stores.observer.ranking.shown(DAY, [], 0);
    },
  ],
  [
    'ranking',
    'a day complete without a sale that was paid before the reconcile began',
    (stores) => {
      stores.order(1);
      stores.pay(1);
      stores.world.now = 1000;
      stores.reconcileWithoutCounting();
    },
  ],
  [
    'no unknown error',
    'a caller hears of a fault of ours',
    (stores) => stores.observer.refused(new TypeError('x is y')),
  ],
];

describe('the checks of the simulation', () => {
  test.each(FAULTS)('%s: %s', (check, _fault, plant) => {
    const stores = new Stores();
    const found = caught(() => plant(stores));
    expect(found).toBeInstanceOf(Violation);
    expect((found as Violation).check).toBe(check);
  });

  test('find nothing where nothing is wrong', () => {
    const stores = new Stores();
    stores.reserve(11);
    stores.observer.check();
    stores.row(11, 1);
    stores.settle('confirmReservations', 11, 1);
    stores.reserve(12);
    stores.failure(12, 2, 'REFUSED_BY_DATABASE');
    stores.settle('releaseReservations', 12, 2);
    stores.reserve(12);
    stores.observer.check();
    stores.row(12, 3);
    stores.observer.check();
    stores.observer.checkPace();
    // One that may not be loaded yet, and one of the shard in trouble.
    stores.observer.refusedFor(COUPON, new ReservationUnavailableError(COUPON));
    stores.world.now = 10_000;
    stores.observer.refusedFor(OTHER_COUPON, new ReservationUnavailableError(OTHER_COUPON));
    stores.world.now = 0;
    stores.order(1);
    stores.reconcileWithoutCounting();
    stores.pay(1);
    // Nobody has reconciled since, and that is what readers are told.
    stores.observer.ranking.shown(DAY, [], 0);
    stores.world.now = 60_000;
    stores.observer.ranking.shown(DAY, [], 60_000);
    stores.observer.ranking.shown(DAY, [{ productId: 7, salesCount: 2 }], 0);
    stores.refund(1);
    stores.observer.orders.toldEnded(1);
    // For a moment either is true.
    stores.observer.ranking.shown(DAY, [{ productId: 7, salesCount: 2 }], 0);
    stores.observer.ranking.shown(DAY, [], 0);
    stores.observer.check();
  });

  test('say what is not settled, and what is not issued', () => {
    const stores = new Stores();
    stores.reserve(11);
    expect(stores.observer.unsettled().join()).toContain('coupon 1: 1 reservations are not decided');
    expect(stores.observer.unsettled().join()).toContain('coupon 1: 1 are pending');
    expect(stores.observer.unsettled().join()).toContain('Redis has another definition');
    expect(stores.observer.underIssued()).toContain('coupon 1: 0 of 2 are issued');
    const hasHeard = stores.observer.waits(COUPON, 11, new Party('an instance'));
    expect(stores.observer.unanswered()).toEqual([]);
    stores.row(11, 1);
    expect(stores.observer.unanswered()).toEqual(['user 11 of coupon 1 waits at an instance']);
    hasHeard();
    expect(stores.observer.unanswered()).toEqual([]);
    stores.redisCommand('SREM', keys.users(COUPON), 11);
    stores.redisCommand('SADD', keys.users(COUPON), 12);
    expect(stores.observer.unsettled().join()).toContain('users 11 have a row and no slot');
    expect(stores.observer.unsettled().join()).toContain('users 12 have a slot and no row');
    stores.order(1);
    stores.pay(1);
    expect(stores.observer.unsettled().join()).toContain(
      'the ranking of 2027-01-15 is not what was paid and not refunded',
    );
  });
});

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
