import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { IssuanceQueue } from '../issuance/issuance-queue.service.js';
import { SweepService } from '../issuance/sweep.service.js';
import { LedgerRepository } from '../ledger.repository.js';
import { RedisCouponStore } from '../reservation/redis-coupon.store.js';
import type { Reservation } from '../reservation/reservation.js';
import type { Violation } from './audit.js';

const PAGE = 1000;
/** Enough to see what is wrong; a lost key makes suspects of everyone. */
const MAX_SUSPECTS = 1000;
const MAX_NAMED = 10;
/** Longer than the script, the batch and the confirmation of a reservation in flight take. */
const SECOND_LOOK_MS = 300;

/** Compares who holds a slot in Redis with who has a row in MySQL, user by user. */
@Injectable()
export class SlotComparison {
  constructor(
    private readonly store: RedisCouponStore,
    private readonly ledgerRepository: LedgerRepository,
    private readonly queue: IssuanceQueue,
    private readonly sweep: SweepService,
  ) {}

  /** Every contradiction that is still there at the second look, so that work in flight is none. */
  async compare(couponId: number, sequence: number): Promise<Violation[]> {
    const issued = await this.issuedWithoutSlot(couponId);
    const leaked = await this.slotsOfNobody(couponId);
    const pending = await this.overdue(couponId, sequence);
    if (issued.length + leaked.length + pending.length === 0) return [];

    await delay(SECOND_LOOK_MS);
    const stillIssued = await this.withoutSlot(couponId, issued);
    const stillLeaked = await this.heldByNobody(couponId, leaked);
    const stillPending = await this.stillPending(couponId, pending);
    return [
      ...violation('ISSUED_NOT_IN_REDIS', 'have a row but hold no slot in Redis', stillIssued),
      ...violation('SLOT_LEAKED', 'hold a slot without a row and without a pending entry', stillLeaked),
      ...violation('STALE_PENDING', 'have been pending for longer than a sweep takes to issue them', stillPending),
    ];
  }

  private async issuedWithoutSlot(couponId: number): Promise<number[]> {
    const suspects: number[] = [];
    for (let after = 0; suspects.length < MAX_SUSPECTS;) {
      const userIds = await this.ledgerRepository.usersAfter(couponId, after, PAGE);
      if (userIds.length === 0) break;
      suspects.push(...(await this.withoutSlot(couponId, userIds)));
      after = userIds.at(-1) as number;
    }
    return suspects.slice(0, MAX_SUSPECTS);
  }

  private async slotsOfNobody(couponId: number): Promise<number[]> {
    const suspects = new Set<number>();
    let cursor = '0';
    do {
      const page = await this.store.usersPage(couponId, cursor, PAGE);
      for (const userId of await this.heldByNobody(couponId, page.userIds)) suspects.add(userId);
      cursor = page.cursor;
    } while (cursor !== '0' && suspects.size < MAX_SUSPECTS);
    return [...suspects];
  }

  /** What a whole sweep has left behind, and what no sweep would find: a number that was not given out yet. */
  private async overdue(couponId: number, sequence: number): Promise<Reservation[]> {
    const swept = await this.store.pendingBetween(couponId, 0, this.sweep.overdueUpTo(couponId), MAX_SUSPECTS);
    const unknown = await this.store.pendingBetween(couponId, sequence, Number.MAX_SAFE_INTEGER, MAX_SUSPECTS);
    const current = (await this.store.inspect(couponId)).sequence ?? 0;
    return [...swept, ...unknown.filter(({ sequenceNumber }) => sequenceNumber > current)].filter(
      ({ sequenceNumber }) => !this.queue.holds(couponId, sequenceNumber),
    );
  }

  private async withoutSlot(couponId: number, userIds: readonly number[]): Promise<number[]> {
    const holds = await this.store.holdSlot(couponId, userIds);
    return userIds.filter((_userId, index) => holds[index] === false);
  }

  private async heldByNobody(couponId: number, userIds: readonly number[]): Promise<number[]> {
    // The pending entries first: a reservation that is confirmed in between has its row by then.
    const pending = await this.store.arePending(couponId, userIds);
    const suspects = userIds.filter((_userId, index) => pending[index] === false);
    const rows = await this.ledgerRepository.usersWithRow(couponId, suspects);
    const withoutRow = suspects.filter((userId) => !rows.has(userId));
    const holds = await this.store.holdSlot(couponId, withoutRow);
    return withoutRow.filter((_userId, index) => holds[index] === true);
  }

  private async stillPending(couponId: number, suspects: readonly Reservation[]): Promise<number[]> {
    const numbers = await Promise.all(suspects.map(({ userId }) => this.store.pendingNumber(couponId, userId)));
    return suspects
      .filter(({ sequenceNumber }, index) => numbers[index] === sequenceNumber)
      .map(({ userId }) => userId);
  }
}

function violation(code: Violation['code'], what: string, userIds: readonly number[]): Violation[] {
  if (userIds.length === 0) return [];
  const count = userIds.length >= MAX_SUSPECTS ? `${MAX_SUSPECTS} or more` : String(userIds.length);
  const named = userIds.slice(0, MAX_NAMED).join(', ') + (userIds.length > MAX_NAMED ? ', …' : '');
  return [{ code, detail: `${count} users ${what}: ${named}` }];
}
