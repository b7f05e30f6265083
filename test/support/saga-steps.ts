import * as fc from 'fast-check';
import { RESERVATION_KEYS, type ReservationKey } from './planted-faults.js';

/** Which of the two instances. */
export type At = 0 | 1;

/** One thing that happens to a coupon, at one of two instances. What a crash would leave out is a step of its own. */
export type Step =
  /** The script alone, for one user after the other: the process died before the events. */
  | { readonly do: 'reserve'; readonly users: number[]; readonly at: At }
  /** As a caller does it: script, event, issuer, settlement. */
  | { readonly do: 'admit'; readonly user: number; readonly at: At }
  /**
   * The ledger decides about some reservations, or refuses one; without `settles` the process died after the commit.
   */
  | { readonly do: 'decide'; readonly picks: number[]; readonly settles: boolean; readonly at: At }
  | { readonly do: 'refuse'; readonly picks: number[]; readonly settles: boolean; readonly at: At }
  /** A decision reaches Redis late, or again, or only half of it. */
  | { readonly do: 'settle' | 'confirm' | 'release'; readonly pick: number; readonly at: At }
  | { readonly do: 'sweep'; readonly times: number; readonly at: At }
  | { readonly do: 'rebuild'; readonly at: At }
  /** A rebuild whose process dies at this step. */
  | { readonly do: 'cutOffRebuild'; readonly before: RebuildStep; readonly at: At }
  | { readonly do: 'change'; readonly total: number; readonly at: At }
  /** A PATCH that died between Redis and MySQL. */
  | { readonly do: 'lowerInRedis'; readonly total: number; readonly at: At }
  | { readonly do: 'lose'; readonly keys: ReservationKey[] }
  /**
   * Redis holds what it held some steps ago: as another process, or as the same one, which has followed another server
   * for a while. With 0 steps its name has changed for no reason: a healthy server that gets its first replica.
   */
  | { readonly do: 'restart'; readonly stepsBack: number; readonly as: 'ANOTHER_PROCESS' | 'SAME_PROCESS' };

/** What a rebuild does in Redis once it has closed the coupon. */
export type RebuildStep = 'addRebuiltUsers' | 'swapRebuilt' | 'endRebuild';

export const MAX_USERS = 6;
const MAX_STOCK = 5;

const at = fc.constantFrom<At>(0, 1);
const user = fc.integer({ min: 1, max: MAX_USERS });
const users = fc.uniqueArray(user, { minLength: 1, maxLength: 4 });
const total = fc.integer({ min: 1, max: MAX_STOCK });
/** Counted back from the latest: reservations are mostly decided soon. */
const pick = fc.nat({ max: 8 });
const picks = fc.uniqueArray(pick, { minLength: 1, maxLength: 5 });
const settles = fc.boolean();

function reserves(weight: number): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: fc.record({ do: fc.constant('reserve'), users, at }) };
}

function decides(weight: number): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: fc.record({ do: fc.constant('decide'), picks, settles, at }) };
}

function rebuilds(weight: number): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: fc.record({ do: fc.constant('rebuild'), at }) };
}

function loses(weight: number, keys: fc.Arbitrary<ReservationKey[]>): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: fc.record({ do: fc.constant('lose'), keys }) };
}

function restarts(weight: number, stepsBack: fc.Arbitrary<number>): fc.WeightedArbitrary<Step> {
  const as = fc.constantFrom('ANOTHER_PROCESS', 'SAME_PROCESS');
  return { weight, arbitrary: fc.record({ do: fc.constant('restart'), stepsBack, as }) };
}

function cutsOffRebuilds(weight: number): fc.WeightedArbitrary<Step> {
  const before = fc.constantFrom<RebuildStep>('addRebuiltUsers', 'swapRebuilt', 'endRebuild');
  return { weight, arbitrary: fc.record({ do: fc.constant('cutOffRebuild'), before, at }) };
}

const others: fc.WeightedArbitrary<Step>[] = [
  { weight: 3, arbitrary: fc.record({ do: fc.constant('admit'), user, at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('refuse'), picks, settles, at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('settle', 'confirm', 'release'), pick, at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sweep'), times: fc.integer({ min: 1, max: 3 }), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('change'), total, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lowerInRedis'), total, at }) },
];

function sequenceOf(mostStock: number, steps: fc.WeightedArbitrary<Step>[]) {
  const stock = fc.integer({ min: 1, max: mostStock });
  // Without the bias of fast-check to few and extreme values: what is rare here takes many steps.
  return fc.noBias(
    fc.record({ stock, steps: fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 50, size: 'max' }) }),
  );
}

/** The stock, and what happens one after the other while Redis keeps its keys; it may be restarted with all of them. */
export const anySteps = sequenceOf(MAX_STOCK, [
  ...others,
  reserves(8),
  decides(5),
  rebuilds(1),
  cutsOffRebuilds(1),
  restarts(1, fc.constant(0)),
]);

/** Redis also loses keys, or comes back with older ones; a small stock and few decisions, so that much is
 *  undecided then and others have taken its place. */
export const anyStepsWithLoss = sequenceOf(2, [
  ...others,
  reserves(10),
  decides(7),
  rebuilds(8),
  cutsOffRebuilds(2),
  loses(
    1,
    fc.constantFrom(...RESERVATION_KEYS).map((key) => [key]),
  ),
  loses(2, fc.constant<ReservationKey[]>(['pending'])),
  loses(2, fc.constant<ReservationKey[]>([...RESERVATION_KEYS])),
  restarts(4, fc.nat({ max: 12 })),
]);
