import type { EntityManager } from 'typeorm';
import { CouponSoldOutError, FailureNotFoundError } from '../../../src/coupon/coupon.errors.js';
import { DeletedCoupons } from '../../../src/coupon/issuance/deleted-coupons.service.js';
import { FailureRepository } from '../../../src/coupon/issuance/failure.repository.js';
import { FailureService } from '../../../src/coupon/issuance/failure.service.js';
import { CouponGoneError } from '../../../src/coupon/issuance/issuance-errors.js';
import type { IssuanceLane } from '../../../src/coupon/issuance/issuance-lane.js';
import { IssuanceQueue } from '../../../src/coupon/issuance/issuance-queue.service.js';
import { decidedEvents } from '../../../src/coupon/coupon-events.js';
import {
  type Counted,
  type CounterChange,
  IssuanceRepository,
} from '../../../src/coupon/issuance/issuance.repository.js';
import { Ledger } from '../../../src/coupon/issuance/ledger.service.js';
import { issuedReading } from '../../../src/coupon/reservation-reading.js';
import { ReservationWaiters } from '../../../src/coupon/issuance/reservation-waiters.service.js';
import { RetryingLedger } from '../../../src/coupon/issuance/retrying-ledger.service.js';
import { reserved } from '../../../src/coupon/reservation-view.js';
import type { Reservation } from '../../../src/coupon/reservation/reservation.js';
import { TransactionRunner } from '../../../src/platform/database/transaction-runner.js';
import { RedisConnection } from '../../../src/platform/redis/redis-connection.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import { Outbox } from '../../../src/events/outbox.js';
import { runnerOf } from '../ledger/repositories/statement-runner.js';
import type { UserCouponRow } from '../ledger/rows.js';
import { locking } from '../ledger/statement.js';
import type { Tables } from '../ledger/table.js';
import type { Mutation } from './mutation.js';
import { replaceMethod, replacePrivate } from './patches.js';

/** Longer than any history. */
const FOR_EVER_MS = 1e9;

/** Faults in how reservations become rows. */
export const ISSUANCE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a-failed-commit-counts-as-done',
    fault: 'an error of COMMIT is not looked at: the reservation is confirmed, and there is no row',
    instance: (instance) =>
      replaceMethod(instance, Ledger, 'decide', (decide) => async (couponId, reservations) => {
        try {
          return await decide(couponId, reservations);
        } catch (error) {
          if (!isConnectionLost(error)) throw error;
          return { issued: reservations, failed: [] };
        }
      }),
  },
  {
    name: 'an-unknown-commit-counts-as-failed',
    fault:
      'a connection that was lost in COMMIT counts as failed: the row is there all the same, and the slot is given away',
    instance: unknownCommitsFail,
  },
  {
    name: 'marked-as-done-before-the-transaction',
    fault: 'a "seen" marker is set before the insert: what comes again after a crash looks done, and is confirmed',
    instance: markBeforeTransaction,
  },
  {
    name: 'the-stock-is-not-guarded',
    fault: 'the ledger counts what it issues and compares it with nothing: whom Redis admits too many are issued (P1)',
    instance: stockIsNotGuarded,
  },
  {
    name: 'users-are-not-unique',
    fault: 'no unique key and no look-up of (coupon, user): who was admitted twice has two rows (P2)',
    instance: (instance) => replaceMethod(instance, IssuanceRepository, 'usersWithRow', () => async () => new Set()),
    history: ({ ledger }) => usersAreNotUnique(ledger.server.tables.userCoupons.byUser),
  },
  {
    name: 'earlier-failures-are-ignored',
    fault: 'the ledger does not look whether a reservation has failed before: one that comes again is issued as well',
    instance: (instance) => replaceMethod(instance, IssuanceRepository, 'failuresOf', () => async () => []),
  },
  {
    name: 'a-retry-keeps-the-number',
    fault: 'the retry of a failure writes the row under the old number, which has ended as failed',
    instance: retryUnderOldNumber,
  },
  {
    name: 'issued-is-told-before-the-commit',
    fault: 'a caller who waits hears ISSUED when the transaction begins, and not when it has committed',
    instance: tellBeforeCommit,
  },
  {
    name: 'a-deleted-coupon-is-retried-for-ever',
    fault: 'the reservations of a coupon whose row was deleted are tried again for ever, and nobody is told',
    instance: retryDeletedCoupons,
  },
  {
    name: 'one-batch-at-a-time',
    fault: 'one worker issues for all coupons: a locked row of one holds up the others',
    instance: oneBatchAtATime,
  },
  {
    name: 'no-limit-for-idle-transactions',
    fault:
      'the server lets an idle transaction live: an instance whose host is gone keeps the row lock, and the coupon stands still',
    history: ({ ledger }) => Object.assign(ledger.server['options'], { idleTransactionMs: FOR_EVER_MS }),
  },
];

function isConnectionLost(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'PROTOCOL_CONNECTION_LOST';
}

function unknownCommitsFail(instance: SimulatedInstance): void {
  replaceMethod(instance, Ledger, 'decide', (decide) => async (couponId, reservations) => {
    try {
      return await decide(couponId, reservations);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      const failed = reservations.map((each) => ({
        ...each,
        reason: 'REFUSED_BY_DATABASE' as const,
        detail: String(error),
      }));
      await instance.get(TransactionRunner).run(async (manager) => {
        await instance.get(IssuanceRepository).insertFailures(manager, couponId, failed, new Date());
      });
      return { issued: [], failed };
    }
  });
}

/** The first row of a user is found under the user's key; the others have keys of their own. */
function usersAreNotUnique(byUser: Tables['userCoupons']['byUser']): void {
  const keyOf = byUser.keyOf.bind(byUser);
  const isFirst = ({ id }: UserCouponRow, key: [number, number]): boolean => (byUser.find(key)?.id ?? id) === id;
  Object.assign(byUser, {
    keyOf: (row: UserCouponRow) => {
      const key = keyOf(row);
      return key === undefined || isFirst(row, key) ? key : [...key, row.id];
    },
  });
}

function markBeforeTransaction(instance: SimulatedInstance): void {
  const mark = async (couponId: number, { sequenceNumber }: Reservation): Promise<boolean> => {
    const key = `seen:${couponId}:${sequenceNumber}`;
    return (await instance.get(RedisConnection).ask(key, (client) => client.set(key, '1', 'NX'))) === 'OK';
  };
  replaceMethod(instance, RetryingLedger, 'decide', (decide) => async (couponId, batch, options) => {
    const fresh: Reservation[] = [];
    for (const reservation of batch) if (await mark(couponId, reservation)) fresh.push(reservation);
    const seen = batch.filter((reservation) => !fresh.includes(reservation));
    if (fresh.length === 0) return { issued: seen, failed: [] };
    const decision = await decide(couponId, fresh, options);
    return decision === 'REFUSED' ? decision : { ...decision, issued: [...decision.issued, ...seen] };
  });
}

function stockIsNotGuarded(instance: SimulatedInstance): void {
  replaceMethod(instance, IssuanceRepository, 'takeFromCapacity', () => takeUnguarded);
  replaceMethod(instance, IssuanceRepository, 'lockCoupon', (lock) => async (manager, couponId) => {
    const coupon = await lock(manager, couponId);
    return coupon && { ...coupon, issuedQuantity: 0 };
  });
}

async function takeUnguarded(
  manager: EntityManager,
  couponId: number,
  {
    issued,
    events,
    failed = 0,
    late = 0,
    onlyIfNoneFailed = false,
    lowestNumber = Number.MAX_SAFE_INTEGER,
  }: CounterChange,
): Promise<Counted | undefined> {
  return await runnerOf(manager).run(
    locking('issuance.takeFromCapacity', function* (view) {
      let counted: Counted | undefined;
      yield* view.update(view.tables.coupons.byId, [couponId], (row) => {
        if ((onlyIfNoneFailed && row.failedQuantity > 0) || row.sequenceBase >= lowestNumber) return undefined;
        const isSoldOut = issued > 0 && row.issuedQuantity + issued === row.totalQuantity;
        counted = { lastPosition: row.eventPosition + events + Number(isSoldOut), isSoldOut };
        return {
          ...row,
          eventPosition: counted.lastPosition,
          issuedQuantity: row.issuedQuantity + issued,
          failedQuantity: row.failedQuantity + failed,
          lateQuantity: row.lateQuantity + late,
        };
      });
      return counted;
    }),
  );
}

function retryUnderOldNumber(instance: SimulatedInstance): void {
  replaceMethod(instance, FailureService, 'retry', () => async (couponId, failureId) => {
    const failure = await instance.get(FailureRepository).find(couponId, failureId);
    if (failure === null) throw new FailureNotFoundError(couponId, failureId);
    const { userId, sequenceNumber } = failure;
    const repository = instance.get(IssuanceRepository);
    await instance.get(TransactionRunner).run(async (manager, publish) => {
      const counted = await repository.takeFromCapacity(manager, couponId, { issued: 1, events: 1 });
      if (counted === undefined) throw new CouponSoldOutError(couponId);
      const row = { userId, sequenceNumber, code: null };
      const now = new Date();
      await repository.insertUserCoupons(manager, couponId, [row], { issuedAt: now, expiresAt: now });
      const decided = { issued: [row], failed: [] };
      await instance.get(Outbox).write(manager, publish, decidedEvents(couponId, decided, counted, now));
    });
    return reserved(couponId, userId, sequenceNumber);
  });
}

function tellBeforeCommit(instance: SimulatedInstance): void {
  replaceMethod(instance, Ledger, 'decide', (decide) => async (couponId, reservations) => {
    for (const { userId, sequenceNumber } of reservations) {
      const times = { issuedAt: new Date(), expiresAt: new Date() };
      const row = { userCouponId: 0, sequenceNumber, code: null, ...times };
      instance.get(ReservationWaiters).announce(couponId, userId, issuedReading(row));
    }
    return await decide(couponId, reservations);
  });
}

function retryDeletedCoupons(instance: SimulatedInstance): void {
  replaceMethod(instance, Ledger, 'decide', (decide) => async (couponId, reservations) => {
    try {
      return await decide(couponId, reservations);
    } catch (error) {
      throw error instanceof CouponGoneError ? new Error('no such coupon', { cause: error }) : error;
    }
  });
  replaceMethod(instance, DeletedCoupons, 'look', () => async () => undefined);
}

function oneBatchAtATime(instance: SimulatedInstance): void {
  type Issue = (lane: IssuanceLane, batch: readonly Reservation[]) => Promise<void>;
  let before = Promise.resolve();
  replacePrivate<Issue>(instance, IssuanceQueue, 'issue', (issue) => (lane, batch) => {
    before = before.then(() => issue(lane, batch));
    return before;
  });
}
