/** Something that is done to a Redis, and to the simulated one. */
export type Operation =
  | { readonly script: string; readonly keys: readonly string[]; readonly args: readonly string[] }
  | { readonly command: readonly string[] }
  /** From here to the end of the sequence the server takes no writes. */
  | { readonly refuse: Refusal };

/** Because it follows another server, or because its memory is full. */
export type Refusal = 'READONLY' | 'OOM';

/** Operations that begin on an empty server. The same seed gives the same ones. */
export interface Sequence {
  readonly seed: number;
  readonly operations: readonly Operation[];
}

/** Everything of which there can be a choice. */
export class Dice {
  /** `random` gives numbers in [0, 1). */
  constructor(private readonly random: () => number) {}

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  isOneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(...items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** One line for a message. */
export function inWords(operation: Operation): string {
  if ('refuse' in operation) return `(${operation.refuse} from here)`;
  const words =
    'script' in operation ? [operation.script, ...operation.keys, '|', ...operation.args] : operation.command;
  return words.map((word) => (/^[\w:{}|@.-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
