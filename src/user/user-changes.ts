import type { RowOutcome } from '../platform/import/row-outcome.js';

/** Somebody as an operator registers them. */
export interface UserDraft {
  readonly userId: number;
  readonly name: string;
  readonly email: string | null;
}

/** What a list of drafts does to the users that there are. */
export interface UserChanges {
  /** For each draft, in the same order. */
  readonly outcomes: readonly RowOutcome[];
  readonly created: readonly UserDraft[];
  /** As they are in the end. */
  readonly changed: readonly UserDraft[];
  /** Those of `changed` who give up the e-mail they have. */
  readonly losingEmail: readonly number[];
}

const TAKEN = { path: 'email', message: 'belongs to another user' } as const;

/**
 * Carries the drafts out one after the other, in memory: an e-mail that one of them gives up is free for the next one.
 *
 * @param existing those of the users named who are registered, and those who have an e-mail that is named
 */
export function changesBy(drafts: readonly UserDraft[], existing: readonly UserDraft[]): UserChanges {
  const before = new Map(existing.map((user) => [user.userId, user]));
  const now = new Map(before);
  const owners = new Map(existing.map(({ userId, email }) => [email, userId]));
  const outcomes = drafts.map((draft): RowOutcome => {
    const { userId, name, email } = draft;
    const current = now.get(userId);
    if (current?.name === name && current.email === email) return 'unchanged';
    if (email !== null && (owners.get(email) ?? userId) !== userId) return TAKEN;
    if (current !== undefined) owners.delete(current.email);
    owners.set(email, userId);
    now.set(userId, draft);
    return current === undefined ? 'created' : 'updated';
  });
  const changed = [...now.values()].filter((user) => before.has(user.userId) && before.get(user.userId) !== user);
  return {
    outcomes,
    created: [...now.values()].filter(({ userId }) => !before.has(userId)),
    changed,
    losingEmail: changed.filter(({ userId, email }) => hasLost(before.get(userId), email)).map(({ userId }) => userId),
  };
}

function hasLost(before: UserDraft | undefined, email: string | null): boolean {
  return before !== undefined && before.email !== null && before.email !== email;
}
