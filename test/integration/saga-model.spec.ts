import { beforeAll, describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import { checkSaga } from '../support/saga-check.js';
import { anySteps, anyStepsWithLoss } from '../support/saga-steps.js';
import { SagaWorld } from '../support/saga-world.js';

/**
 * Each run differs. A failure prints its seed, with which SAGA_SEED=<seed> repeats it; SAGA_RUNS=1000 searches longer.
 */
const seed = Number(process.env['SAGA_SEED'] ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env['SAGA_RUNS'] ?? 40);
/** For the shrinking of a failure; without one it is far less. */
const TIMEOUT_MS = 300_000 + numRuns * 1000;

let world: SagaWorld;

beforeAll(async () => {
  world = await SagaWorld.open();
});

describe('whatever happens in whatever order, at two instances', () => {
  it(
    'Redis and MySQL are what the model says after every step, while Redis keeps its keys',
    async () => {
      const property = fc.asyncProperty(anySteps, async ({ stock, steps }) => await checkSaga(world, stock, steps));
      await fc.assert(property, { seed, numRuns });
    },
    TIMEOUT_MS,
  );

  it(
    'the same, and no promise is broken, when Redis loses keys or comes back with older ones',
    async () => {
      const property = fc.asyncProperty(
        anyStepsWithLoss,
        async ({ stock, steps }) => await checkSaga(world, stock, steps),
      );
      await fc.assert(property, { seed, numRuns });
    },
    TIMEOUT_MS,
  );
});
