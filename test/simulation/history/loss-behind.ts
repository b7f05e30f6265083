import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { KeyspaceContents } from '../redis/keyspace.js';
import type { History } from './history.js';

/** Time for a rebuild that does not know of the reservation. */
const AWAY_FROM_MYSQL_MS = 2000;
const LOSS_MS = 100;
/** Longer than anyone waits for a replica. */
const AFTER_WAIT_MS = 300;

/**
 * An instance holds a reservation in memory while Redis forgets it and is rebuilt; then the instance writes the row, and
 * its confirm fails. Four faults that meet by chance once in millions of steps, and that a real system has had.
 */
export function planLossBehind(history: History, nthReserve: number): void {
  const { strikes } = history;
  let before: KeyspaceContents;
  strikes.plan('reserveCoupon', 'before', nthReserve, ({ link }) => {
    before = history.redisFaultsAt(link.server).remember();
  });
  strikes.plan('reserveCoupon', 'after', nthReserve, ({ instance, link }) => {
    const holder = instance as SimulatedInstance;
    history.world.tell(`${holder.name} hears nothing of MySQL for a while, and Redis is about to forget`);
    holder.stallLedger(AWAY_FROM_MYSQL_MS);
    history.observer.disturbed('EVERYTHING');
    history.later(LOSS_MS, 'Redis forgets', () => history.redisFaultsAt(link.server).turnBack(before));
    cutOffAtConfirm(history, holder);
  });
}

/**
 * The replica has missed a reservation when it takes the master's place, and the instance cannot write the row meanwhile:
 * nobody may have been told of it who asked to wait for a replica.
 */
export function planLossOfMaster(history: History, nthReserve: number): void {
  const { strikes, observer } = history;
  let admitted: number;
  strikes.plan('reserveCoupon', 'before', nthReserve, ({ link }) => {
    history.redisFaultsAt(link.server).stopReplica();
    admitted = observer.admittedSoFar;
  });
  strikes.plan('reserveCoupon', 'after', nthReserve, ({ instance, link }) => {
    const redisFaults = history.redisFaultsAt(link.server);
    // Of whom nothing was admitted nothing can be lost.
    if (observer.admittedSoFar === admitted) {
      redisFaults.resumeReplica();
      planLossOfMaster(history, nthReserve + 1);
      return;
    }
    history.world.tell(`the replica has missed this, and ${instance.name} hears nothing of MySQL for a while`);
    (instance as SimulatedInstance).stallLedger(AWAY_FROM_MYSQL_MS);
    observer.disturbed('EVERYTHING');
    history.later(AFTER_WAIT_MS, 'fail-over', () => redisFaults.failOver({ isHeldOpen: false, ms: 0 }));
  });
}

/** Redis loses who is pending just when an instance that has admitted someone is killed: their slot is nobody's. */
export function planLeak(history: History, nthReserve: number): void {
  history.strikes.plan('reserveCoupon', 'after', nthReserve, ({ instance, link }) => {
    history.observer.disturbed('EVERYTHING');
    history.redisFaultsAt(link.server).loseKey(1, 'pending');
    history.instances.crash(instance as SimulatedInstance);
  });
}

/** Redis is empty when a reconcile begins, and just before its end as empty again as it was then. */
export function planLossInReconcile(history: History, nthReconcile: number): void {
  const { strikes, observer } = history;
  strikes.plan('beginReconcile', 'before', nthReconcile, ({ link }) => {
    observer.disturbed('EVERYTHING');
    history.redisFaultsAt(link.server).empty();
  });
  strikes.plan('beginReconcile', 'after', nthReconcile, ({ link }) => {
    const redisFaults = history.redisFaultsAt(link.server);
    const before = redisFaults.remember();
    strikes.planNext('endReconcile', 'before', () => {
      history.world.tell('Redis forgets what a reconcile has counted that is about to end');
      observer.disturbed('EVERYTHING');
      redisFaults.turnBack(before);
    });
  });
}

function cutOffAtConfirm(history: History, holder: SimulatedInstance): void {
  history.strikes.planNext('confirmReservations', 'before', ({ instance }) => {
    if (instance === holder) holder.cutOffRedis();
    else cutOffAtConfirm(history, holder);
  });
}

/** Redis goes on as a replica that has missed the last users of a rebuild, just before the rebuild opens the coupon. */
export function planLossInRebuild(history: History, nthChunk: number): void {
  const { strikes } = history;
  strikes.plan('addRebuiltUsers', 'before', nthChunk, ({ link }) => {
    const redisFaults = history.redisFaultsAt(link.server);
    const before = redisFaults.remember();
    strikes.planNext('swapRebuilt', 'before', () => {
      history.world.tell('Redis has missed the last users of a rebuild, which is about to open the coupon');
      history.observer.disturbed('EVERYTHING');
      redisFaults.turnBack(before);
    });
  });
}
