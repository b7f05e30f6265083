import type { Lock } from './lock-queue.js';
import type { Locking, View } from './view.js';

/** A statement: what it is called in a story ("issuance.takeFromCapacity"), and what it does to the session's view. */
export interface Statement<T> {
  readonly name: string;
  /** It is a SELECT without locks. */
  readonly isReading?: true;
  /** Begins it. It yields each lock that it has to wait for, and returns the result. */
  readonly begin: (view: View) => Iterator<Lock, T, undefined>;
}

/** A plain SELECT, which waits for no one. */
export function reading<T>(name: string, read: (view: View) => T): Statement<T> {
  return { name, isReading: true, begin: (view) => ({ next: () => ({ done: true, value: read(view) }) }) };
}

/** A statement that locks what it works on. */
export function locking<T>(name: string, work: (view: View) => Locking<T>): Statement<T> {
  return { name, begin: work };
}
