import type { Reservation } from '../../reservation/reservation.js';

/** The reservations of one coupon on their way into Kafka: one message at a time, so that they stay in their order. */
export class OutgoingLane {
  private waiting: Reservation[] = [];
  isSending = false;
  /** Kafka did not take the last message. */
  isFailing = false;

  constructor(readonly couponId: number) {}

  add(reservations: readonly Reservation[]): void {
    this.waiting.push(...reservations);
  }

  /** What is to go into the next message; empty when nothing is waiting. */
  take(size: number): Reservation[] {
    return this.waiting.splice(0, size);
  }
}
