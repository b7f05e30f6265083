import type { Chance } from '../../world/chance.js';
import type { Moment } from '../../world/strikes.js';
import type { PlannedEvent } from '../plan.js';
import type { FaultSource } from './fault-source.js';

/** What a process can be killed, frozen or cut off at. COMMIT comes often here: nearly everything hangs on it. */
const OPERATIONS = [
  'COMMIT',
  'COMMIT',
  'reserveCoupon',
  'confirmReservations',
  'confirmReservations',
  'releaseReservations',
  'releaseReservations',
  'releaseReservations',
  'releaseLeaked',
  'beginRebuild',
  'addRebuiltUsers',
  'addRebuiltUsers',
  'swapRebuilt',
  'swapRebuilt',
  'endRebuild',
  'publishDefinition',
  'lowerTotal',
  'inspectCoupon',
  'countOrders',
  'beginReconcile',
  'endReconcile',
  'issuance.takeFromCapacity',
  'issuance.insertUserCoupons',
  'coupon.lock',
  'rebuild.beginEpoch',
  'ledger.usersAfter',
] as const;

const EFFECTS = {
  crash: 'its instance is killed',
  vanish: 'its instance vanishes with its host',
  freeze: 'its instance is frozen for 9 s',
  'cut to Redis': "its instance's connection to Redis breaks",
  'cut to MySQL': "its instance's connections to MySQL break",
  'cut this link': 'the connection over which it came breaks',
  'hold up this link': 'the connection over which it came is held up for 11 s',
  'hold up this link for a moment': 'the connection over which it came is held up for 2 s',
  'turn Redis back': 'Redis goes back to before it, as the same process',
} as const;

/** A fault at one operation: the places at which faults hurt are too short to be hit by time. */
function drawStrike(chance: Chance): Omit<PlannedEvent, 'at'> {
  const operation = chance.pick(OPERATIONS);
  const moment: Moment = chance.is(0.6) ? 'after' : 'before';
  const nth = chance.is(0.5) ? chance.between(1, 4) : chance.between(1, 30);
  const effect = chance.pick(Object.keys(EFFECTS) as Array<keyof typeof EFFECTS>);
  return {
    what: `${moment} ${operation} number ${nth} is carried out, ${EFFECTS[effect]}`,
    happen: (history) => history.planStrike(operation, moment, nth, effect),
  };
}

export type StrikeEffect = keyof typeof EFFECTS;

export const STRIKES: FaultSource = { name: 'strike', counts: [2, 4, 8], isAtOperation: true, draw: drawStrike };
