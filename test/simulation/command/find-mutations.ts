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

/** Plants each mutation in the histories of seeds 1, 2, 3 ... and prints where it is found, as a table; whether all are. */
export async function findMutations(lua: Lua): Promise<boolean> {
  print('| mutation | what it stands for | found by | seed | steps |');
  print('|---|---|---|--:|--:|');
  let missed = 0;
  for (const mutation of MUTATIONS) {
    const found = await find(mutation, lua);
    if (found === undefined) missed += 1;
    print(`| ${mutation.name} | ${mutation.fault} | ${found === undefined ? 'NOT FOUND | |' : describe(found)} |`);
  }
  print('');
  print(missed === 0 ? `all ${MUTATIONS.length} mutations are found` : `${missed} mutations are not found`);
  return missed === 0;
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
