import { parseArgs } from 'node:util';
import type { Share } from './find-mutations.js';

export const USAGE = `Usage: npm run simulate -- [options]

  --seed N          the history of this seed (1 unless given); it is told when it breaks a promise
  --steps M         the histories of this seed and of those that follow, until so many steps were taken
  --keep-going      with --steps: goes on after a history that breaks a promise, and names each
  --twice           with --steps: runs every history twice, and fails unless both are the same
  --story           tells the history of the seed in words
  --verbose         tells every single step
  --only A,B,...    of what the seed makes happen, only the events of these numbers, or none: one that was shrunk
  --mutation NAME   plants a fault that the simulation must find
  --mutations       plants every one of them in turn, and says where each is found; a process for each core
  --share K/N       with --mutations: only every Nth, from the Kth on
  --nightly         10^8 steps on seeds that no other day has, a process for each core
  --help`;

/** As `--only` says that of a seed's events none is needed. */
export const NO_EVENTS = 'none';

/** What the command is asked for. */
export interface Arguments {
  readonly seed: number;
  /** Undefined: the one history of the seed. */
  readonly steps: number | undefined;
  readonly only: ReadonlySet<number> | undefined;
  readonly mutation: string | undefined;
  readonly keepsGoing: boolean;
  readonly isTwice: boolean;
  readonly isStory: boolean;
  readonly isVerbose: boolean;
  readonly isHelp: boolean;
  readonly isMutations: boolean;
  readonly share: Share;
}

/** An argument that cannot be; the message names it and says what may be. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** @throws ArgumentError */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parse(args);
  return {
    seed: wholeNumber('--seed', values.seed) ?? 1,
    steps: wholeNumber('--steps', values.steps),
    only: numbers('--only', values.only),
    mutation: values.mutation,
    keepsGoing: values['keep-going'] ?? false,
    isTwice: values.twice ?? false,
    isStory: values.story ?? false,
    isVerbose: values.verbose ?? false,
    isHelp: values.help ?? false,
    isMutations: values.mutations ?? false,
    share: shareOf(values.share ?? '1/1'),
  };
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: text,
        steps: text,
        only: text,
        mutation: text,
        'keep-going': flag,
        twice: flag,
        story: flag,
        verbose: flag,
        mutations: flag,
        share: text,
        help: flag,
      },
    });
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw new ArgumentError(`${name} must be a whole number, not ${JSON.stringify(value)}`);
  }
  return number;
}

function shareOf(value: string): Share {
  const [, first, of] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(value) ?? [];
  if (Number(first) <= Number(of)) return { first: Number(first), of: Number(of) };
  throw new ArgumentError(`--share must be like 1/4, of 4 the first, not ${JSON.stringify(value)}`);
}

function numbers(name: string, value: string | undefined): Set<number> | undefined {
  if (value === undefined) return undefined;
  if (value === NO_EVENTS) return new Set();
  return new Set(value.split(',').map((part) => wholeNumber(name, part) as number));
}
