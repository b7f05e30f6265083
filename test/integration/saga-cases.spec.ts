import { beforeAll, describe, it } from '@jest/globals';
import { RESERVATION_KEYS, type ReservationKey } from '../support/planted-faults.js';
import { checkSaga } from '../support/saga-check.js';
import type { Step } from '../support/saga-steps.js';
import { SagaWorld } from '../support/saga-world.js';

let world: SagaWorld;

beforeAll(async () => {
  world = await SagaWorld.open();
});

const reserve = (user: number): Step => ({ do: 'reserve', users: [user], at: 0 });
const lose = (...keys: readonly ReservationKey[]): Step => ({ do: 'lose', keys: [...keys] });
const rebuild: Step = { do: 'rebuild', at: 0 };
/** Of the reservations accepted so far, counted back from the latest. */
const decide = (...picks: number[]): Step => ({ do: 'decide', picks, settles: true, at: 1 });
const refuse = (pick: number, { settles }: { settles: boolean }): Step => ({
  do: 'refuse',
  picks: [pick],
  settles,
  at: 1,
});
const lowerInRedis = (total: number): Step => ({ do: 'lowerInRedis', total, at: 0 });
const dieAfterDeciding = (pick: number): Step => ({ do: 'decide', picks: [pick], settles: false, at: 1 });
const restartWithWhatItHeld = (stepsBack: number): Step => ({ do: 'restart', stepsBack, as: 'ANOTHER_PROCESS' });
const goBack = (stepsBack: number): Step => ({ do: 'restart', stepsBack, as: 'SAME_PROCESS' });

// Found by the random sequences of saga-model.spec.ts, or by thinking about them; rare enough to be written down.
describe('a case of two faults', () => {
  it.each<[string, number, Step[]]>([
    [
      'the pending entries were lost and their slots offered again, then everything is lost: no number is given twice',
      1,
      [
        reserve(1),
        lose('pending'),
        rebuild,
        reserve(2),
        lose('pending'),
        rebuild,
        reserve(3),
        lose(...RESERVATION_KEYS),
        rebuild,
        reserve(4),
      ],
    ],
    [
      'everything is lost twice, and a reservation from before is issued in between: no number is given twice',
      2,
      [
        reserve(1),
        lose(...RESERVATION_KEYS),
        rebuild,
        reserve(2),
        reserve(3),
        decide(2),
        lose(...RESERVATION_KEYS),
        rebuild,
        reserve(4),
      ],
    ],
    [
      'Redis comes back with a failed attempt of a user who got a row at the next: the holder keeps the slot',
      1,
      [reserve(1), refuse(0, { settles: true }), reserve(1), decide(0), restartWithWhatItHeld(3), rebuild],
    ],
    [
      'a user asked before and after a loss, and others have taken all: both attempts fail, and neither is told it was issued',
      1,
      [
        reserve(1),
        lose(...RESERVATION_KEYS),
        rebuild,
        reserve(1),
        lose('pending'),
        rebuild,
        reserve(2),
        decide(0),
        decide(1, 2),
      ],
    ],
    [
      'a user asked before and after a loss, and both are decided together: one row',
      2,
      [reserve(1), lose(...RESERVATION_KEYS), rebuild, reserve(1), decide(0, 1)],
    ],
    [
      'a user asked before and after a loss, the second has failed, and both are decided together: the row counts for both',
      1,
      [reserve(1), lose(...RESERVATION_KEYS), rebuild, reserve(1), refuse(0, { settles: false }), decide(0, 1)],
    ],
    [
      'a row is written after the rebuild for a reservation that Redis has lost, and nobody tells it: its holder is not admitted again',
      2,
      [reserve(1), lose(...RESERVATION_KEYS), rebuild, dieAfterDeciding(0)],
    ],
    [
      'the same while another slot has leaked, so that the counts agree: both are found',
      2,
      [reserve(1), lose(...RESERVATION_KEYS), rebuild, reserve(2), lose('pending'), dieAfterDeciding(1)],
    ],
    [
      'the same process goes back in time, and a reservation from before is issued: no number is given twice',
      3,
      [reserve(1), reserve(2), goBack(1), rebuild, reserve(3), decide(1), goBack(3), rebuild, reserve(4)],
    ],
    [
      'a rebuild dies after it has closed the coupon, the next one before it gives back the lock',
      2,
      [
        reserve(1),
        decide(0),
        { do: 'cutOffRebuild', before: 'addRebuiltUsers', at: 0 },
        { do: 'cutOffRebuild', before: 'endRebuild', at: 1 },
        reserve(2),
      ],
    ],
    [
      'two PATCHes died between Redis and MySQL, and the total is lowered again: under a version above all of them',
      5,
      [lowerInRedis(4), lowerInRedis(3), { do: 'change', total: 2, at: 1 }, reserve(1), reserve(2), reserve(3)],
    ],
  ])('%s', async (_name, total, steps) => {
    await checkSaga(world, total, steps);
  });
});
