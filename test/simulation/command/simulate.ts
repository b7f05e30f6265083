import type { Outcome } from '../history/history.js';
import { runHistory, type RunOptions } from '../history/run-history.js';
import { shrink } from '../history/shrink.js';
import { PLANTED } from '../mutations/index.js';
import { Lua } from '../redis/lua.js';
import { ArgumentError, parseArguments, USAGE } from './arguments.js';
import { findMutations } from './find-mutations.js';
import { print, tellFailure } from './print.js';
import { runMany } from './run-many.js';

/** Done without a violation; a promise was broken; the arguments are wrong. */
const [DONE, BROKEN, WRONG_ARGUMENTS] = [0, 1, 2];

/** Runs what the arguments ask for; the exit code. */
export async function simulate(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    print(`${error.message}\n\n${USAGE}`);
    return WRONG_ARGUMENTS;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const { seed, steps, isHelp, isMutations, share, isStory, ...rest } = parseArguments(args);
  if (isHelp) {
    print(USAGE);
    return DONE;
  }
  const lua = await Lua.create();
  if (isMutations) return (await findMutations(lua, share)) ? DONE : BROKEN;
  const options = { lua, mutation: mutationOf(rest.mutation), only: rest.only, isVerbose: rest.isVerbose };
  if (steps === undefined) return await runOne(seed, options, isStory || rest.isVerbose);
  const { keepsGoing, isTwice } = rest;
  const failed = await runMany(seed, steps, { ...options, keepsGoing, isTwice });
  if (failed === undefined) return DONE;
  await tellShrunk(failed.seed, failed.outcome, options);
  return BROKEN;
}

/** @throws ArgumentError */
function mutationOf(name: string | undefined) {
  if (name === undefined) return undefined;
  const mutation = PLANTED.find((each) => each.name === name);
  if (mutation !== undefined) return mutation;
  throw new ArgumentError(`--mutation must be one of: ${PLANTED.map((each) => each.name).join(', ')}`);
}

async function runOne(seed: number, options: RunOptions, isTold: boolean): Promise<number> {
  const outcome = await runHistory(seed, options);
  const { violation, steps, fingerprint } = outcome;
  if (violation !== undefined && options.only === undefined && !isTold) await tellShrunk(seed, outcome, options);
  if (isTold) outcome.story.forEach(print);
  print(`seed ${seed}: ${steps} steps, history ${fingerprint}, ${violation?.message ?? 'no violation'}`);
  return violation === undefined ? DONE : BROKEN;
}

async function tellShrunk(seed: number, outcome: Outcome, options: RunOptions): Promise<void> {
  print(`seed ${seed}, step ${outcome.steps}: ${outcome.violation?.message}`);
  print('looking for a shorter history in which the same is broken');
  tellFailure(seed, await shrink(seed, outcome, options), options.mutation?.name);
}
