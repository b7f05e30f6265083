import { usableUntilOf } from '../../../src/coupon/usage-terms.js';
import { capacityOf } from '../../simulation/ledger/rows.js';
import { type Lock, LockQueue } from '../../simulation/ledger/lock-queue.js';
import { SimulatedIssuanceRepository } from '../../simulation/ledger/repositories/issuance.repository.js';
import { SimulatedLedgerRepository } from '../../simulation/ledger/repositories/ledger.repository.js';
import { runnerOf } from '../../simulation/ledger/repositories/statement-runner.js';
import { locking, reading } from '../../simulation/ledger/statement.js';
import { Transaction } from '../../simulation/ledger/transaction.js';
import { StoredRow, UniqueIndex } from '../../simulation/ledger/unique-index.js';

/** Takes a planted fault out again. */
type Remove = () => void;

/** What could be wrong with the simulated ledger; each puts its fault into the classes themselves. */
export const PLANTED_FAULTS: Readonly<Record<string, () => Remove>> = {
  'a lock keeps nobody out': () => plant(LockQueue.prototype, 'isKeptFrom', () => () => false),

  'FOR UPDATE locks nothing': () =>
    plant(
      SimulatedIssuanceRepository.prototype,
      'lockCoupon',
      () => async (manager, couponId) =>
        await runnerOf(manager).run(
          reading('issuance.lockCoupon', (view) => {
            const row = view.find(view.tables.coupons.byId, [couponId]);
            if (row === undefined) return undefined;
            const { issuedQuantity, failedQuantity, sequenceBase, codeFormat, usableDays } = row;
            const counts = { capacity: capacityOf(row), issuedQuantity, failedQuantity, sequenceBase };
            return { couponId, ...counts, codeFormat, usableDays, usableUntil: usableUntilOf(row) };
          }),
        ),
    ),

  'the next statement gives up the locks': () =>
    plantGetter(Transaction.prototype, 'savepoint', (original) => (transaction) => {
      for (const lock of transaction.locks) if (lock.state === 'granted') lock.queue.end(lock);
      return original(transaction);
    }),

  'who came last is served first': () =>
    plant(
      LockQueue.prototype,
      'request',
      (original) =>
        function (this: LockQueue, holder, mode) {
          const lock = original.call(this, holder, mode);
          const locks = locksOf(this);
          if (lock.state === 'waiting') locks.splice(1, 0, ...locks.splice(-1));
          return lock;
        },
    ),

  'a row that does not match stays locked': () => plantWaiting(true),
  'a row that was waited for and does not match is given back': () => plantWaiting(false),

  'the place of a row that has gone is free at once': () =>
    plant(
      LockQueue.prototype,
      'forsake',
      (original) =>
        function (this: LockQueue) {
          original.call(this);
          for (const lock of locksOf(this).filter(({ mode }) => mode === 'gap')) this.end(lock);
        },
    ),

  'a transaction does not see its own rows': () =>
    plant(
      StoredRow.prototype,
      'seenBy',
      () =>
        function (this: StoredRow<object>) {
          return this.committed;
        },
    ),

  'rows are seen that are not committed': () =>
    plant(
      StoredRow.prototype,
      'seenBy',
      () =>
        function (this: StoredRow<object>) {
          return this.current;
        },
    ),

  'a code may be issued twice': () =>
    plant(
      UniqueIndex.prototype,
      'keyOf',
      (original) =>
        function (this: UniqueIndex<object>, row) {
          return this.name === 'uq_user_coupons_code' ? undefined : original.call(this, row);
        },
    ),

  'a statement that fails leaves what it has written': () =>
    plant(
      Transaction.prototype,
      'rollbackTo',
      (original) =>
        function (this: Transaction, savepoint) {
          if (savepoint === 0) original.call(this, savepoint);
        },
    ),

  'a statement that fails takes back the whole transaction': () =>
    plant(
      Transaction.prototype,
      'rollbackTo',
      (original) =>
        function (this: Transaction) {
          original.call(this, 0);
        },
    ),

  'a transaction that is rolled back keeps its locks': () =>
    plant(
      Transaction.prototype,
      'rollback',
      () =>
        function (this: Transaction) {
          this.rollbackTo(0);
          if (this.waitsFor !== undefined) this.waitsFor.queue.end(this.waitsFor);
          this.waitsFor = undefined;
        },
    ),

  'of a deadlock the one who has done more is rolled back': () =>
    plantGetter(Transaction.prototype, 'weight', (original) => (transaction) => -original(transaction)),

  'of a deadlock the one who has closed it is always rolled back': () =>
    plantGetter(Transaction.prototype, 'weight', () => () => 0),

  'the total is not looked at': () =>
    plant(
      SimulatedIssuanceRepository.prototype,
      'takeFromCapacity',
      () => async (manager, couponId, change) =>
        await runnerOf(manager).run(
          locking('issuance.takeFromCapacity', function* (view) {
            yield* view.update(view.tables.coupons.byId, [couponId], (row) => ({
              ...row,
              issuedQuantity: row.issuedQuantity + change.issued,
            }));
            return { lastPosition: 0, isSoldOut: false };
          }),
        ),
    ),

  'rows come in the wrong order': () =>
    plant(
      SimulatedLedgerRepository.prototype,
      'rowsBetween',
      (original) =>
        async function (this: SimulatedLedgerRepository, ...range) {
          return (await original.apply(this, range)).toReversed();
        },
    ),
};

/** Those that wait included, in the order of the line. */
function locksOf(queue: LockQueue): Lock[] {
  return (queue as unknown as { locks: Lock[] }).locks;
}

function plant<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  faulty: (original: Owner[Name]) => Owner[Name],
): Remove {
  const original = owner[name];
  owner[name] = faulty(original);
  return () => {
    owner[name] = original;
  };
}

function plantGetter<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  faulty: (original: (of: Owner) => Owner[Name]) => (of: Owner) => Owner[Name],
): Remove {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  if (descriptor?.get === undefined) throw new Error(`${String(name)} is no getter`);
  const get = faulty((of) => descriptor.get?.call(of) as Owner[Name]);
  Object.defineProperty(owner, name, {
    ...descriptor,
    get(this: Owner) {
      return get(this);
    },
  });
  return () => Object.defineProperty(owner, name, descriptor);
}

/** Every lock is taken for one that had to be waited for, or for one that had not. */
function plantWaiting(hasWaited: boolean): Remove {
  return plant(
    LockQueue.prototype,
    'request',
    (original) =>
      function (this: LockQueue, holder, mode) {
        return Object.assign(original.call(this, holder, mode), { hasWaited });
      },
  );
}
