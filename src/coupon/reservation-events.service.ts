import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { EventStream, Heartbeat } from '../platform/http/event-stream.js';
import { ReservationFollower } from './reservation-follower.service.js';

/** Reservations as streams of events. */
@Injectable()
export class ReservationEvents {
  private readonly heartbeat = new Heartbeat();

  constructor(private readonly follower: ReservationFollower) {}

  /**
   * Answers with the state at once, then each change, until the reservation has ended.
   *
   * @throws as {@link ReservationFollower.follow}; then nothing is answered yet
   */
  async open(couponId: number, userId: number, reply: FastifyReply): Promise<void> {
    const stream = new EventStream(this.heartbeat);
    const leave = await this.follower.follow(couponId, userId, {
      kind: 'stream',
      onState: (state) => stream.send('reservation', state.sequenceNumber, state),
      onEnd: () => stream.close(),
    });
    stream.begin(reply, leave);
  }
}
