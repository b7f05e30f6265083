import { Injectable } from '@nestjs/common';
import { ConnectionLimit } from '../../platform/http/connection-limit.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { TooManyWaitersError } from '../coupon.errors.js';

/** The most of an instance, whose connections others need as well. */
const MAX_WAITERS = 20_000;
const SHARE_OF_CONNECTIONS = 0.5;
/** The most of one user: a page in some tabs. */
const MAX_OF_USER = 5;

/** For what somebody waits: the answer to `/issue`, one with `?wait=`, or a stream of events. */
export const WAITER_KINDS = ['issue', 'wait', 'stream'] as const;
export type WaiterKind = (typeof WAITER_KINDS)[number];

/** Counts who waits, and refuses whoever would be too many. */
@Injectable()
export class WaiterLimits {
  private readonly counts: Record<WaiterKind, number> = { issue: 0, wait: 0, stream: 0 };
  private readonly ofUsers = new Map<number, number>();

  constructor(
    private readonly connections: ConnectionLimit,
    registry: MetricsRegistry,
  ) {
    registry.gaugeFuncBy('firstcome_waiters', 'Callers who wait for a reservation to end, by kind.', 'kind', () =>
      Object.entries(this.counts),
    );
  }

  /** @throws TooManyWaitersError, but not for callers of `/issue`: they hold a slot already */
  enter(kind: WaiterKind, userId: number): void {
    if (kind !== 'issue') this.enterOfUser(userId);
    this.counts[kind] += 1;
  }

  leave(kind: WaiterKind, userId: number): void {
    this.counts[kind] -= 1;
    if (kind === 'issue') return;
    const left = (this.ofUsers.get(userId) ?? 0) - 1;
    if (left > 0) this.ofUsers.set(userId, left);
    else this.ofUsers.delete(userId);
  }

  private enterOfUser(userId: number): void {
    const max = Math.min(MAX_WAITERS, Math.floor(this.connections.limit * SHARE_OF_CONNECTIONS));
    const { issue, wait, stream } = this.counts;
    if (issue + wait + stream >= max) throw new TooManyWaitersError('here');
    const ofUser = this.ofUsers.get(userId) ?? 0;
    if (ofUser >= MAX_OF_USER) throw new TooManyWaitersError('for this user');
    this.ofUsers.set(userId, ofUser + 1);
  }
}
