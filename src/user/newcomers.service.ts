import { Injectable } from '@nestjs/common';
import type { Profile } from '../identity/index.js';
import { Clock } from '../platform/clock.js';
import { TransactionRunner } from '../platform/database/transaction-runner.js';
import { changesBy, type UserDraft } from './user-changes.js';
import { UserRepository } from './user.repository.js';
import { userEmail, userName } from './user.schemas.js';

/** Registers users who were never heard of before by what their tokens say of them (`identity.registerOnFirstUse`). */
@Injectable()
export class Newcomers {
  constructor(
    private readonly users: UserRepository,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  /**
   * Inserts them all at once; whom somebody else has registered meanwhile stays as they are. An e-mail of another user is
   * left out, as is what no user may have.
   */
  async register(newcomers: ReadonlyMap<number, Profile>): Promise<void> {
    const drafts = [...newcomers].map(([userId, profile]) => draftOf(userId, profile));
    await this.transactions.run(
      async (manager) => {
        const existing = await this.users.findNamed(manager, drafts);
        const known = new Set(existing.map(({ userId }) => userId));
        const missing = drafts.filter(({ userId }) => !known.has(userId));
        await this.users.insert(manager, withoutTakenEmails(missing, existing), this.clock.now());
      },
      { looksFirst: true },
    );
  }
}

function withoutTakenEmails(drafts: readonly UserDraft[], existing: readonly UserDraft[]): UserDraft[] {
  const { outcomes } = changesBy(drafts, existing);
  return drafts.map((draft, index) => (outcomes[index] === 'created' ? draft : { ...draft, email: null }));
}

function draftOf(userId: number, profile: Profile): UserDraft {
  const name = userName.safeParse(profile.name);
  const email = userEmail.safeParse(profile.email);
  return { userId, name: name.data ?? `User ${userId}`, email: email.data ?? null };
}
