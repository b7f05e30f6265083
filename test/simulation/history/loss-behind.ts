import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { KeyspaceContents } from '../redis/keyspace.js';
import type { History } from './history.js';

/** Time for a rebuild that does not know of the reservation. */
const AWAY_FROM_MYSQL_MS = 2000;
const LOSS_MS = 100;

/**
 * An instance holds a reservation in memory while Redis forgets it and is rebuilt; then the instance writes the row, and
 * its confirm fails. Four faults that meet by chance once in millions of steps, and that a real system has had.
 */
export function planLossBehind(history: History, nthReserve: number): void {
  const { strikes, redisFaults } = history;
  let before: KeyspaceContents;
  strikes.plan('reserveCoupon', 'before', nthReserve, () => (before = redisFaults.remember()));
  strikes.plan('reserveCoupon', 'after', nthReserve, ({ instance }) => {
    const holder = instance as SimulatedInstance;
    history.world.tell(`${holder.name} hears nothing of MySQL for a while, and Redis is about to forget`);
    holder.stallLedger(AWAY_FROM_MYSQL_MS);
    history.observer.disturbed('EVERYTHING');
    history.later(LOSS_MS, 'Redis forgets', () => redisFaults.turnBack(before));
    cutOffAtConfirm(history, holder);
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
  const { strikes, redisFaults } = history;
  strikes.plan('addRebuiltUsers', 'before', nthChunk, () => {
    const before = redisFaults.remember();
    strikes.planNext('swapRebuilt', 'before', () => {
      history.world.tell('Redis has missed the last users of a rebuild, which is about to open the coupon');
      history.observer.disturbed('EVERYTHING');
      redisFaults.turnBack(before);
    });
  });
}
