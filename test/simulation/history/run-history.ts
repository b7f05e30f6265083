import { stackOf } from '../../../src/platform/errors/error-text.js';
import type { Mutation } from '../mutations/mutation.js';
import type { Lua } from '../redis/lua.js';
import { History, type Outcome } from './history.js';
import { drawPlan } from './plan.js';
import { Violation } from './violation.js';

/** How histories are run. */
export interface RunOptions {
  readonly lua: Lua;
  readonly mutation?: Mutation | undefined;
  /** The numbers of the planned events that happen, of those of the seed; undefined: all of them. */
  readonly only?: ReadonlySet<number> | undefined;
  readonly isVerbose?: boolean;
}

let current: History | undefined;

// What a listener or a caller in a history throws, and nobody catches.
process.on('unhandledRejection', (error) => {
  if (current === undefined) throw error;
  current.fail(error instanceof Violation ? error : new Violation('nothing is thrown past everyone', stackOf(error)));
});

/** Runs the history of a seed, to its end or until a promise is broken. */
export async function runHistory(seed: number, { only, ...options }: RunOptions): Promise<Outcome> {
  const plan = drawPlan(seed);
  const events = only === undefined ? plan.events : plan.events.filter((_event, index) => only.has(index));
  current = new History({ ...plan, events }, options);
  try {
    return await current.run();
  } finally {
    current = undefined;
  }
}
