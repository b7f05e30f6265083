import type { EntityManager } from 'typeorm';
import type { Statement } from '../statement.js';

/** Sends statements to a simulated server and resolves with their results. */
export interface StatementRunner {
  run<T>(statement: Statement<T>): Promise<T>;
}

/** What can be called of a class from outside: a simulated one that implements it has to follow its signatures. */
export type PublicPart<T> = Pick<T, keyof T>;

/** The runner of a transaction: in the simulation it is what the TransactionRunner hands out as its EntityManager. */
export function runnerOf(manager: EntityManager): StatementRunner {
  return manager as unknown as StatementRunner;
}
