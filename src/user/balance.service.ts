import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../platform/clock.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import { pageOf } from '../platform/http/page.js';
import type { AnswerOf } from '../platform/http/response-schemas.js';
import { IdempotencyService } from '../platform/idempotency/idempotency.service.js';
import type { BalanceEntry, NewBalanceEntry } from './balance-entry.js';
import { BalanceEntryRepository } from './balance-entry.repository.js';
import { PURCHASES } from './purchase-connections.js';
import { BalanceFullError, InsufficientBalanceError, UserNotFoundError } from './user.errors.js';
import { UserRepository } from './user.repository.js';
import type { balanceResponse, chargeResponse } from './user.responses.js';
import type { BalanceEntriesQuery } from './user.schemas.js';

/** What a user can spend, in won. */
export type BalanceView = AnswerOf<typeof balanceResponse>;

/** A charge that has happened. Its time is text, since the answer is stored under the idempotency key. */
export type ChargeView = AnswerOf<typeof chargeResponse>;

/** A part of the list of a user's entries. */
export interface BalanceEntryPage {
  readonly entries: readonly BalanceEntry[];
  readonly nextCursor: string | null;
}

/** Above this a sum would no longer be an exact number in JSON. */
const MAX_BALANCE = Number.MAX_SAFE_INTEGER;

/**
 * Shows and tops up balances, takes from them and gives back. Nobody else changes one, and each change leaves an entry in
 * its transaction.
 */
@Injectable()
export class BalanceService {
  constructor(
    private readonly users: UserRepository,
    private readonly entries: BalanceEntryRepository,
    private readonly idempotency: IdempotencyService,
    private readonly clock: Clock,
  ) {}

  /**
   * @param manager of a transaction that must see what it has done itself
   * @throws UserNotFoundError
   */
  async get(userId: number, manager?: EntityManager): Promise<BalanceView> {
    const user = await this.users.find(userId, manager);
    if (user === null) throw new UserNotFoundError(userId);
    return { userId, balance: user.balance };
  }

  /** The movements of the balance, the newest first. @throws UserNotFoundError */
  async listEntries(userId: number, query: BalanceEntriesQuery): Promise<BalanceEntryPage> {
    const found = await this.entries.findPageOfUser(userId, { ...query, limit: query.limit + 1 });
    if (found.length === 0 && (await this.users.find(userId)) === null) throw new UserNotFoundError(userId);
    const { page, nextCursor } = pageOf(found, query.limit, (last) => [last.createdAt.getTime(), last.entryId]);
    return { entries: page, nextCursor };
  }

  /**
   * Adds `amount` won to the balance, once for each idempotency key.
   *
   * @throws UserNotFoundError, ValidationFailedError when the balance would be more than can be counted,
   *   IdempotencyKeyReusedError, IdempotencyInProgressError
   */
  async charge(userId: number, amount: number, key: string | undefined): Promise<ChargeView> {
    const request = { operation: 'charge', owner: userId, key, request: { userId, amount }, connections: PURCHASES };
    return await this.idempotency.run(request, async (manager) => {
      const balance = await this.users.credit(manager, userId, amount, MAX_BALANCE);
      if (balance === undefined) throw await this.refusal(manager, userId);
      const chargedAt = await this.record(manager, { userId, amount, kind: 'CHARGE', orderId: null });
      return { userId, balance, chargedAmount: amount, chargedAt: chargedAt.toISOString() };
    });
  }

  /**
   * Takes `amount` won from the balance for the order, in the caller's transaction; what remains.
   *
   * @throws InsufficientBalanceError, and nothing changes; for a user that does not exist, too
   */
  async debit(manager: EntityManager, userId: number, amount: number, orderId: number): Promise<number> {
    const remaining = await this.users.debit(manager, userId, amount);
    if (remaining === undefined) throw new InsufficientBalanceError(userId, amount);
    await this.record(manager, { userId, amount: -amount, kind: 'PAYMENT', orderId });
    return remaining;
  }

  /**
   * Gives `amount` won of the order back to the balance, in the caller's transaction; the balance after it.
   *
   * @throws BalanceFullError, and nothing changes; for a user that does not exist, too
   */
  async credit(manager: EntityManager, userId: number, amount: number, orderId: number): Promise<number> {
    const balance = await this.users.credit(manager, userId, amount, MAX_BALANCE);
    if (balance === undefined) throw new BalanceFullError(userId, amount, MAX_BALANCE);
    await this.record(manager, { userId, amount, kind: 'REFUND', orderId });
    return balance;
  }

  /** After the balance: whoever waited for its row has the later time, so the list is in the order of the movements. */
  private async record(manager: EntityManager, movement: Omit<NewBalanceEntry, 'createdAt'>): Promise<Date> {
    const createdAt = this.clock.now();
    if (movement.amount !== 0) await this.entries.insert(manager, { ...movement, createdAt });
    return createdAt;
  }

  private async refusal(manager: EntityManager, userId: number): Promise<Error> {
    if (!(await this.users.exists(manager, userId))) return new UserNotFoundError(userId);
    return new ValidationFailedError([
      { path: 'amount', message: `must leave the balance at ${MAX_BALANCE} or below` },
    ]);
  }
}
