import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { reservationKeys as keys, scriptKeys } from './reservation-keys.js';
import type { Reservation } from './reservation.js';

/**
 * Is told by the ledger how reservations ended. Every method throws RedisUnavailableError when Redis can't be asked;
 * what was sent then may still be carried out.
 */
@Injectable()
export class SettlementStore {
  /** Under which this process tells the others of what it has settled, and knows its own messages. */
  readonly sender = randomUUID();
  private readonly logger = new Logger('Issuance');
  /** Why the others could not be told, since they last could. */
  private readonly warnedOf = new Set<string>();

  constructor(private readonly redis: RedisConnection) {}

  /** After the commit: no longer pending. False while the coupon is not loaded; then the reservations stay pending. */
  async confirm(couponId: number, reservations: readonly Reservation[]): Promise<boolean> {
    return (await this.settle('confirmReservations', couponId, reservations)) === 1;
  }

  /** Gives back the slots of failed reservations; how many. While the coupon is not loaded: undefined, and none. */
  async release(couponId: number, reservations: readonly Reservation[]): Promise<number | undefined> {
    const released = await this.settle('releaseReservations', couponId, reservations);
    return released === -1 ? undefined : released;
  }

  /** Forgets pending entries of a coupon that exists no longer, whose reservations are recorded as failed. */
  async discard(couponId: number, reservations: readonly Reservation[]): Promise<void> {
    const key = keys.pending(couponId);
    await this.redis.ask(key, (client) => client.discardReservations(key, ...numbered(reservations)));
  }

  /** Gives back slots that nobody holds, as found in this epoch; how many, or undefined when it is no longer loaded so. */
  async releaseLeaked(couponId: number, epoch: number, userIds: readonly number[]): Promise<number | undefined> {
    const released = await this.redis.ask(keys.users(couponId), (client) =>
      client.releaseLeaked(...scriptKeys(couponId), epoch, ...userIds),
    );
    return released === -1 ? undefined : released;
  }

  private async settle(
    command: 'confirmReservations' | 'releaseReservations',
    couponId: number,
    reservations: readonly Reservation[],
  ): Promise<number> {
    const [settled, problem] = await this.redis.ask(keys.pending(couponId), (client) =>
      client[command](...scriptKeys(couponId), ...numbered(reservations), keys.outcomes(couponId), this.sender),
    );
    if (problem === '') this.warnedOf.clear();
    else this.warnOnce(problem);
    return settled;
  }

  private warnOnce(problem: string): void {
    if (this.warnedOf.has(problem)) return;
    this.warnedOf.add(problem);
    this.logger.warn(
      `who waits at another instance hears of reservations up to 3 s later, since Redis refuses to tell: ${problem} ` +
        '(the channels of coupons are allowed by: ACL SETUSER <user> &coupon:*)',
    );
  }
}

/** As the scripts take reservations: how many, their users, their numbers. */
function numbered(reservations: readonly Reservation[]): number[] {
  return [
    reservations.length,
    ...reservations.map(({ userId }) => userId),
    ...reservations.map(({ sequenceNumber }) => sequenceNumber),
  ];
}
