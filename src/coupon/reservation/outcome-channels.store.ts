import { Injectable } from '@nestjs/common';
import { withinTimeLimit } from '../../platform/time-limit.js';
import { RedisSubscriber } from '../../platform/redis/redis-subscriber.js';
import { reservationKeys } from './reservation-keys.js';
import { SettlementStore } from './settlement.store.js';

/** Whoever comes soon after the last one finds the channel open. */
const KEPT_MS = 30_000;
/** For the answer to a subscription, before it is gone on without. */
const SUBSCRIBE_MS = 100;

interface Held {
  count: number;
  /** Ends it, while nobody holds it. */
  ending?: NodeJS.Timeout;
  readonly listening: Promise<void>;
}

/**
 * The channels on which other instances tell of whom they have settled (`lua/tell-of-outcomes.lua`), for coupons of which
 * somebody here wants to know. A message is a hint: it may be lost, and says nothing that is not to be read anew.
 */
@Injectable()
export class OutcomeChannels {
  private readonly held = new Map<number, Held>();

  constructor(
    private readonly subscriber: RedisSubscriber,
    private readonly settlement: SettlementStore,
  ) {}

  /** Calls `listener` with the users of whom another instance has settled something. */
  onHint(listener: (couponId: number, userIds: readonly number[]) => void): void {
    this.subscriber.onMessage((channel, message) => {
      const couponId = reservationKeys.couponIdOf(channel);
      if (couponId === undefined || message.startsWith(this.settlement.sender)) return;
      listener(couponId, message.split(' ').slice(1).map(Number));
    });
  }

  /** Calls `listener` with coupons of which hints may have been lost, and are heard again. */
  onGap(listener: (couponIds: readonly number[]) => void): void {
    this.subscriber.onResubscribed((channels) =>
      listener(channels.flatMap((channel) => reservationKeys.couponIdOf(channel) ?? [])),
    );
  }

  /** Listens to the coupon's channel until {@link release}, and for half a minute more. */
  hold(couponId: number): void {
    const held = this.heldOf(couponId);
    held.count += 1;
    clearTimeout(held.ending);
  }

  release(couponId: number): void {
    const held = this.held.get(couponId);
    if (held === undefined) return;
    held.count -= 1;
    if (held.count === 0) this.endLater(couponId, held);
  }

  /** Resolves when the coupon's channel is listened to, at the latest after 100 ms: then hints may be missed. */
  async prepare(couponId: number): Promise<void> {
    const held = this.heldOf(couponId);
    if (held.count === 0) this.endLater(couponId, held);
    const late = new Error('no answer to the subscription yet');
    await withinTimeLimit(held.listening, SUBSCRIBE_MS, () => late).catch((error: unknown) => {
      if (error !== late) throw error;
    });
  }

  private heldOf(couponId: number): Held {
    const known = this.held.get(couponId);
    if (known !== undefined) return known;
    const held: Held = { count: 0, listening: this.subscriber.subscribe(reservationKeys.outcomes(couponId)) };
    this.held.set(couponId, held);
    return held;
  }

  private endLater(couponId: number, held: Held): void {
    clearTimeout(held.ending);
    held.ending = setTimeout(() => {
      this.held.delete(couponId);
      this.subscriber.unsubscribe(reservationKeys.outcomes(couponId));
    }, KEPT_MS).unref();
  }
}
