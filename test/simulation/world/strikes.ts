import type { Link } from './link.js';
import type { Party } from './party.js';

/** Before the server carries an operation out, or after it: the reply is not sent yet. */
export type Moment = 'before' | 'after';

/** A command, script, statement or COMMIT that has arrived at a server. */
export interface Operation {
  readonly name: string;
  readonly instance: Party;
  /** The connection over which it came. */
  readonly link: Link;
}

type Strike = (operation: Operation) => void;

/**
 * Faults that strike at one operation: the third COMMIT, say, after it was carried out. What a fault at a moment of time
 * hits once in a million times these hit each time.
 */
export class Strikes {
  private readonly planned = new Map<string, Strike[]>();
  private readonly seen = new Map<string, number>();
  isOver = false;

  /** Lets `strike` happen at the nth operation of this name, the first one being 1. */
  plan(name: string, moment: Moment, nth: number, strike: Strike): void {
    const key = `${moment} ${name} ${nth}`;
    this.planned.set(key, [...(this.planned.get(key) ?? []), strike]);
  }

  /** As {@link plan}, at the next operation of this name from now on. */
  planNext(name: string, moment: Moment, strike: Strike): void {
    this.plan(name, moment, (this.seen.get(`${moment} ${name}`) ?? 0) + 1, strike);
  }

  /** For the servers: an operation is about to be carried out, or was. */
  pass(moment: Moment, operation: Operation): void {
    if (this.isOver || this.planned.size === 0) return;
    const count = `${moment} ${operation.name}`;
    const nth = (this.seen.get(count) ?? 0) + 1;
    this.seen.set(count, nth);
    for (const strike of this.planned.get(`${count} ${nth}`) ?? []) strike(operation);
  }
}
