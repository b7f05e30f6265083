import type { EntityManager } from 'typeorm';
import type { Action, Outcome } from '../../../../src/identity/trail/action.js';
import type { ActionRepository, StoredAction } from '../../../../src/identity/trail/action.repository.js';
import type { Statement } from '../statement.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** Its statements fail and take their time as all do; what they note nobody in a history reads. */
export class SimulatedActionRepository implements PublicPart<ActionRepository> {
  private lastId = 0;

  constructor(private readonly outside: StatementRunner) {}

  async insert(_action: Action, _outcome: Outcome, _at: Date, manager?: EntityManager): Promise<number> {
    await (manager === undefined ? this.outside : runnerOf(manager)).run(writing('action.insert'));
    return (this.lastId += 1);
  }

  async end(): Promise<void> {
    await this.outside.run(writing('action.end'));
  }

  async findPage(): Promise<StoredAction[]> {
    throw new Error('ActionRepository.findPage is not simulated');
  }
}

function writing(name: string): Statement<void> {
  return { name, begin: () => ({ next: () => ({ done: true, value: undefined }) }) };
}
