import type { EntityManager } from 'typeorm';
import type { Repositories } from './repositories.js';

/** Who does something: `A` and `B` each in a transaction, `X` and `Y` outside of one. */
export type Actor = 'A' | 'B' | 'X' | 'Y';
export type Session = 'A' | 'B';

/** A call of repositories' methods inside of a transaction. */
export type Inside = (on: Repositories, transaction: EntityManager) => Promise<unknown>;
/** A call of repositories' methods that takes no transaction. */
export type Outside = (on: Repositories) => Promise<unknown>;

export type Step =
  /** A session begins a transaction with its first call. */
  | { readonly by: Session; readonly inside: Inside }
  | { readonly by: 'X' | 'Y'; readonly outside: Outside }
  /** `lose`: the connection breaks. */
  | { readonly by: Session; readonly end: 'commit' | 'rollback' | 'lose' }
  /** As much time passes as a statement waits for a lock. */
  | { readonly end: 'lockWait' };

/** A call that has been answered, and how. */
export interface Answer {
  readonly to: Actor;
  readonly answer: unknown;
}

/** What a step has led to. */
export interface Moment {
  /** What was done, in words. */
  readonly step: string;
  readonly answers: readonly Answer[];
  /** Whose calls wait for a lock. */
  readonly waiting: readonly Actor[];
  /** How many statements were sent; those that begin and end transactions are not counted. */
  readonly statements: number;
}

/** Steps that were taken, and what each of them has led to. */
export interface Course {
  readonly steps: readonly Step[];
  readonly moments: readonly Moment[];
}

/** A ledger that steps are taken on. */
export interface LedgerSide {
  readonly repositories: Repositories;
  /** How many statements were sent so far; those that begin and end transactions are not counted. */
  readonly statements: number;
  /** The manager of the session's transaction, which begins when there is none. */
  transactionOf(session: Session): Promise<EntityManager>;
  end(session: Session, how: 'commit' | 'rollback' | 'lose'): Promise<void>;
  /** Lets all who wait for a lock wait until they give up. */
  passLockWait(pending: Pending): Promise<void>;
  /** Until each of the calls is answered, or waits for a lock. */
  whenQuiet(pending: Pending): Promise<void>;
}

/** What the calls will come to that are not answered yet. */
export type Pending = ReadonlyMap<Actor, Promise<unknown>>;
