import * as fc from 'fast-check';
import type { ReservationKey } from './saga-model.js';

type At = 0 | 1;

/** One thing that happens to a coupon, at one of two instances. What a crash would leave out is a step of its own. */
export type Step =
  /** The script alone: the process died before the event. */
  | { readonly do: 'reserve'; readonly user: number; readonly at: At }
  /** As a caller does it: script, event, issuer, settlement. */
  | { readonly do: 'admit'; readonly user: number; readonly at: At }
  /** The ledger decides about some reservations, or refuses one; without `settles` the process died after the commit. */
  | { readonly do: 'decide'; readonly picks: number[]; readonly settles: boolean; readonly at: At }
  | { readonly do: 'refuse'; readonly picks: number[]; readonly settles: boolean; readonly at: At }
  /** A decision reaches Redis late, or again, or only half of it. */
  | { readonly do: 'settle' | 'confirm' | 'release'; readonly pick: number; readonly at: At }
  | { readonly do: 'sweep' | 'rebuild'; readonly at: At }
  | { readonly do: 'change'; readonly total: number; readonly at: At }
  /** A PATCH that died between Redis and MySQL. */
  | { readonly do: 'lowerInRedis'; readonly total: number; readonly at: At }
  | { readonly do: 'lose'; readonly keys: ReservationKey[] }
  /** Redis comes back as another process, with what it held some steps ago. */
  | { readonly do: 'restart'; readonly stepsBack: number };

export const MOST_USERS = 6;
const MOST_STOCK = 5;
const KEYS: ReservationKey[] = ['state', 'reserved', 'users', 'sequence', 'pending'];

const at = fc.constantFrom<At>(0, 1);
const user = fc.integer({ min: 1, max: MOST_USERS });
const total = fc.integer({ min: 1, max: MOST_STOCK });
/** Counted back from the latest: reservations are mostly decided soon. */
const pick = fc.nat({ max: 12 });
const picks = fc.uniqueArray(pick, { minLength: 1, maxLength: 4 });
const settles = fc.boolean();

const withoutLoss: fc.WeightedArbitrary<Step>[] = [
  { weight: 8, arbitrary: fc.record({ do: fc.constant('reserve'), user, at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('admit'), user, at }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('decide'), picks, settles, at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refuse'), picks, settles, at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('settle', 'confirm', 'release'), pick, at }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('sweep'), at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rebuild'), at }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('change'), total, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lowerInRedis'), total, at }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart'), stepsBack: fc.constant(0) }) },
];

const loss: fc.WeightedArbitrary<Step>[] = [
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose'), keys: fc.constantFrom(...KEYS).map((key) => [key]) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose'), keys: fc.constant(KEYS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart'), stepsBack: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rebuild'), at }) },
];

function sequenceOf(steps: fc.WeightedArbitrary<Step>[]) {
  return fc.record({ total, steps: fc.array(fc.oneof(...steps), { minLength: 5, maxLength: 40, size: 'max' }) });
}

/** The stock, and what happens one after the other. */
export const anySteps = sequenceOf(withoutLoss);
export const anyStepsWithLoss = sequenceOf([...withoutLoss, ...loss]);
