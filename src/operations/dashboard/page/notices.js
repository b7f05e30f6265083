/** What is wrong, and what that means: which callers are refused, and what goes on. */
import { clock, t, textOf } from './language.js';

/** @import { Dependency, Snapshot } from '../snapshot.js' */
/** @import { State } from './live-source.js' */

/** Less than the time between two looks: what was read in this one. */
const THIS_LOOK_MS = 1_000;

/**
 * Whether MySQL was read in this look. It may be down all the same: one that takes no writes.
 * @param {Snapshot} snapshot
 */
export function isLedgerRead({ at, coupons }) {
  return coupons.ledgerAt !== null && at - coupons.ledgerAt < THIS_LOOK_MS;
}

/**
 * @param {State} state
 * @param {Snapshot | undefined} snapshot
 * @returns {string[]}
 */
export function noticesFor(state, snapshot) {
  if (snapshot === undefined) return state === 'lost' ? [t('neverConnected')] : [];
  if (state === 'lost') return [t('lostSince', { time: clock(snapshot.at) })];
  const trouble = troubleIn(snapshot);
  return [...(trouble === undefined ? [] : [trouble]), ...(snapshot.coupons.list === null ? [t('ledgerNotRead')] : [])];
}

/** @param {Snapshot} snapshot */
function troubleIn(snapshot) {
  const { redis, database, isAdmitting } = snapshot.health;
  const values = {
    redis: why(redis),
    database: why(database),
    ranking: t(`rankingBy_${snapshot.ranking?.source ?? 'unknown'}`),
  };
  if (!redis.isUp && !database.isUp) return t('bothDown', values);
  if (!redis.isUp) return t('redisDown', values);
  if (!database.isUp) return t(isLedgerRead(snapshot) ? 'databaseReadOnly' : 'databaseDown', values);
  return isAdmitting ? undefined : t('breakerOpen');
}

/**
 * The reason as the log and the metrics have it, and in words.
 * @param {Dependency} dependency
 */
function why({ reason }) {
  if (reason === null) return t('unknown');
  const words = textOf(`reason_${reason}`, '');
  return words === '' ? reason : `${reason}: ${words}`;
}
