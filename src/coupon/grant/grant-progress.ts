/** How it ended for a user whom an operator gives a coupon; pending: it has not. */
export const GRANT_ENDS = ['issued', 'alreadyIssued', 'soldOut', 'unknownUsers', 'pending'] as const;
export type GrantEnd = (typeof GRANT_ENDS)[number];

/** The users by how it ended for them, in the order in which they were named, each once. */
export type Granted = Record<GrantEnd, number[]>;

/** How far a grant is. */
export class GrantProgress {
  private readonly ends: Map<number, GrantEnd>;

  constructor(userIds: readonly number[]) {
    this.ends = new Map(userIds.map((userId) => [userId, 'pending']));
  }

  /** All of them, in the order in which they were named. */
  get userIds(): number[] {
    return [...this.ends.keys()];
  }

  end(userId: number, end: GrantEnd): void {
    this.ends.set(userId, end);
  }

  granted(): Granted {
    const granted: Granted = { issued: [], alreadyIssued: [], soldOut: [], unknownUsers: [], pending: [] };
    for (const [userId, end] of this.ends) granted[end].push(userId);
    return granted;
  }

  /** For the trace, which has room for numbers. */
  counts(): Record<GrantEnd, number> {
    const granted = this.granted();
    return Object.fromEntries(GRANT_ENDS.map((end) => [end, granted[end].length])) as Record<GrantEnd, number>;
  }
}
