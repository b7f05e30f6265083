import type { ShrunkHistory } from '../history/shrink.js';
import { NO_EVENTS } from './arguments.js';

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Tells a history that broke a promise, and how to see it again. */
export function tellFailure(seed: number, { only, outcome }: ShrunkHistory, mutation: string | undefined): void {
  print('');
  for (const line of outcome.story) print(line);
  print('');
  print(`violation: ${outcome.violation?.message}`);
  const words = [
    `--seed ${seed}`,
    `--only ${only.length === 0 ? NO_EVENTS : only.join(',')}`,
    ...(mutation === undefined ? [] : [`--mutation ${mutation}`]),
  ];
  print(`again: npm run simulate -- ${words.join(' ')} --story`);
}
