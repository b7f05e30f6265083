import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { ReservationConnection } from './reservation-connection.js';
import { couponKeys } from './reservation-keys.js';
import type { Refusal } from './reservation.js';
import { ReserveBatcher } from './reserve-batcher.js';
import { ReserveBreaker } from './reserve-breaker.js';

const REFUSALS: Readonly<Record<number, Refusal>> = {
  [-1]: 'NOT_LOADED',
  [-2]: 'INACTIVE',
  [-3]: 'NOT_STARTED',
  [-4]: 'EXPIRED',
  [-5]: 'ALREADY_RESERVED',
  [-6]: 'SOLD_OUT',
};

/** Admits users: the one place from which reserves are sent. */
@Injectable()
export class AdmissionStore {
  private readonly breaker: ReserveBreaker;
  private readonly batcher: ReserveBatcher;

  constructor(
    private readonly redis: ReservationConnection,
    @Inject(CONFIG) { redis: { breaker } }: Config,
  ) {
    this.breaker = new ReserveBreaker({ ...breaker, probe: () => redis.ping() });
    this.batcher = new ReserveBatcher((...asked) => this.breaker.run(() => this.sendReserve(...asked)));
  }

  /** True while no reserve is sent, because Redis did not answer lately. */
  get isBreakerOpen(): boolean {
    return this.breaker.isOpen;
  }

  /**
   * Asks for a slot: the sequence number, or why not. `always` ignores the window and the pause. The command is sent once
   * at most: when this throws, the user may hold a reservation all the same, which the sweep will find.
   *
   * @throws RedisUnavailableError when Redis can't be asked
   */
  async reserve(couponId: number, userId: number, { always = false } = {}): Promise<number | Refusal> {
    const answer = await this.batcher.ask(couponId, userId, always);
    if (answer > 0) return answer;
    const refusal = REFUSALS[answer];
    if (refusal === undefined) throw new Error(`reserve-coupon.lua answered ${answer}`);
    return refusal;
  }

  private async sendReserve(couponId: number, userIds: readonly number[], always: boolean): Promise<number[]> {
    const runId = this.redis.requireRunId();
    return await this.redis.ask((client) =>
      client.reserveCoupon(...couponKeys(couponId), runId, always ? '1' : '0', ...userIds),
    );
  }
}
