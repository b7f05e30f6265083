import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../platform/clock.js';
import { databaseErrorMessage } from '../../platform/database/database-errors.js';
import type { PublishAfterCommit } from '../../platform/database/transaction-runner.js';
import { DomainError } from '../../platform/errors/domain-error.js';
import { pageOf } from '../../platform/http/page.js';
import { On } from '../../platform/events/on.decorator.js';
import type { Action, Outcome } from './action.js';
import { ActionRepository, type ActionQuery, type StoredAction } from './action.repository.js';
import { ActionTakenEvent } from './action-taken.event.js';

/** How something ended that was noted before it began. */
export interface Ended {
  readonly outcome: Exclude<Outcome, 'STARTED'>;
  readonly after?: object;
}

/** P13: every change by an operator leaves a trace, a row of `admin_actions` and a line of the log. */
@Injectable()
export class ActionTrail {
  private readonly logger = new Logger('Actions');

  constructor(
    private readonly actions: ActionRepository,
    private readonly clock: Clock,
  ) {}

  /** Notes what a transaction changes, in that transaction: both stay, or neither. */
  async record(manager: EntityManager, publish: PublishAfterCommit, action: Action): Promise<void> {
    await this.actions.insert(action, 'DONE', this.clock.now(), manager);
    publish(new ActionTakenEvent(action, 'DONE'));
  }

  /**
   * Runs work that no single transaction can hold. It is noted before it begins, so that it leaves a trace whatever
   * happens to the process, and then how it ended.
   *
   * @param sofar what is also noted of work that failed: how far it had come
   * @throws what `work` throws, and what the database throws when the beginning cannot be noted; then nothing is done
   */
  async run<T>(
    action: Action,
    work: () => Promise<T>,
    describe: (result: T) => object = () => ({}),
    sofar: () => object = () => ({}),
  ): Promise<T> {
    const id = await this.begin(action);
    try {
      const result = await work();
      await this.end(id, action, { outcome: 'DONE', after: describe(result) });
      return result;
    } catch (error) {
      const isRefused = error instanceof DomainError;
      await this.end(id, action, {
        outcome: isRefused ? 'REFUSED' : 'FAILED',
        after: { ...sofar(), ...(isRefused && { code: error.code }) },
      });
      throw error;
    }
  }

  /** For {@link run}, and those who hear of the end by other means: the id that {@link end} wants. */
  async begin(action: Action): Promise<number> {
    return await this.actions.insert(action, 'STARTED', this.clock.now());
  }

  /** Never throws: what is done is done. A trace whose end could not be noted stays STARTED, and the log has it. */
  async end(id: number, action: Action, { outcome, after = {} }: Ended): Promise<void> {
    const ended = { ...action, after: { ...action.after, ...after } };
    this.log(ended, outcome);
    try {
      await this.actions.end(id, outcome, ended.after);
    } catch (error) {
      this.logger.warn(`the end of action ${id} could not be noted: ${databaseErrorMessage(error)}`);
    }
  }

  /** The newest first. */
  async list(query: ActionQuery): Promise<{ page: StoredAction[]; nextCursor: string | null }> {
    const found = await this.actions.findPage({ ...query, limit: query.limit + 1 });
    return pageOf(found, query.limit, ({ at, id }) => [at.getTime(), id]);
  }

  @On('identity.action-taken')
  onActionTaken({ action, outcome }: ActionTakenEvent): void {
    this.log(action, outcome);
  }

  private log({ actor, action, subject, before, after }: Action, outcome: Outcome): void {
    const change = JSON.stringify({ before, after });
    this.logger.log(`${actor.name}: ${action} ${subject ?? ''} ${outcome} ${change}, request ${actor.requestId}`);
  }
}
