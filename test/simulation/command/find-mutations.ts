import type { Violation } from '../history/violation.js';
import { runHistory } from '../history/run-history.js';
import { MUTATIONS } from '../mutations/index.js';
import type { Mutation } from '../mutations/mutation.js';
import type { Lua } from '../redis/lua.js';
import { print } from './print.js';

/** A mutation that is not found in so many steps is a defect of the simulation. */
const MAX_STEPS = 2_000_000;

interface Found {
  readonly seed: number;
  /** Of all histories from seed 1 on. */
  readonly steps: number;
  readonly violation: Violation;
}

/** A process's part of all mutations: every `of`-th one, from the `first` (1 for the very first) on. */
export interface Share {
  readonly first: number;
  readonly of: number;
}

/**
 * Plants each mutation of the share in the histories of seeds 1, 2, 3 ... and prints where it is found, a row of a table
 * for each; whether all are.
 */
export async function findMutations(lua: Lua, { first, of }: Share): Promise<boolean> {
  let areAllFound = true;
  for (const mutation of MUTATIONS.filter((_, index) => index % of === first - 1)) {
    const found = await find(mutation, lua);
    if (found === undefined) areAllFound = false;
    print(`| ${mutation.name} | ${mutation.fault} | ${found === undefined ? 'NOT FOUND | |' : describe(found)} |`);
  }
  return areAllFound;
}

async function find(mutation: Mutation, lua: Lua): Promise<Found | undefined> {
  let steps = 0;
  for (let seed = 1; steps < MAX_STEPS; seed += 1) {
    const { violation, steps: taken } = await runHistory(seed, { lua, mutation });
    steps += taken;
    if (violation !== undefined) return { seed, steps, violation };
  }
  return undefined;
}

function describe({ seed, steps, violation }: Found): string {
  return `${violation.check} | ${seed} | ${steps.toLocaleString('en')}`;
}
