import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ActionTrail, type Actor } from '../identity/index.js';
import { Clock } from '../platform/clock.js';
import { TransactionRunner } from '../platform/database/transaction-runner.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import type { RowOutcome } from '../platform/import/row-outcome.js';
import { PURCHASES } from './purchase-connections.js';
import { changesBy, type UserDraft } from './user-changes.js';
import { userSubject } from './user-subject.js';
import { UserRepository } from './user.repository.js';
import { type UserView, userView } from './user.service.js';

/** A user after a PUT, and whether it made them. */
export interface StoredUser {
  readonly user: UserView;
  readonly isNew: boolean;
}

/** Registers users under ids that whoever runs the shop gives, and changes them. */
@Injectable()
export class UserRegistration {
  constructor(
    private readonly users: UserRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: ActionTrail,
    private readonly clock: Clock,
  ) {}

  /**
   * Registers the user, or changes whom the id belongs to. The trace names the fields that changed, and not their values.
   *
   * @throws ValidationFailedError when another user has the e-mail; then nothing has changed
   */
  async put(draft: UserDraft, actor: Actor): Promise<StoredUser> {
    const { userId } = draft;
    return await this.transactions.run(
      async (manager, publish) => {
        // Read once: what is written and what is said of it are about the same.
        const existing = await this.users.findNamed(manager, [draft]);
        const before = existing.find((user) => user.userId === userId);
        const [outcome] = await this.apply(manager, [draft], existing);
        if (typeof outcome === 'object') throw new ValidationFailedError([outcome]);
        const changed = (['name', 'email'] as const).filter((field) => draft[field] !== (before?.[field] ?? null));
        if (changed.length > 0) {
          const action = before === undefined ? 'user.create' : 'user.change';
          await this.trail.record(manager, publish, {
            actor,
            action,
            subject: userSubject(userId),
            after: { changed },
          });
        }
        const user = await this.users.get(userId, manager);
        return { user: userView(user), isNew: before === undefined };
      },
      { connections: PURCHASES, looksFirst: true },
    );
  }

  /** Registers or changes many in one transaction; what became of each, in the same order. */
  async write(drafts: readonly UserDraft[]): Promise<readonly RowOutcome[]> {
    return await this.transactions.run(
      async (manager) => this.apply(manager, drafts, await this.users.findNamed(manager, drafts)),
      { connections: PURCHASES, looksFirst: true },
    );
  }

  private async apply(
    manager: EntityManager,
    drafts: readonly UserDraft[],
    existing: readonly UserDraft[],
  ): Promise<readonly RowOutcome[]> {
    const { outcomes, created, changed, losingEmail } = changesBy(drafts, existing);
    await this.users.clearEmails(manager, losingEmail);
    await this.users.change(manager, changed);
    await this.users.insert(manager, created, this.clock.now());
    return outcomes;
  }
}
