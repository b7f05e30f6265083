import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { EventStream } from '../platform/http/event-stream.js';
import { ReservationFollower } from './reservation-follower.service.js';
import type { ReservationState } from './reservation-view.js';

/** Reservations as streams of events. */
@Injectable()
export class ReservationEvents {
  constructor(private readonly follower: ReservationFollower) {}

  /** The state at once, then each change, until the reservation has ended. @throws as {@link ReservationFollower.follow} */
  async open(couponId: number, userId: number, reply: FastifyReply): Promise<EventStream> {
    const early: ReservationState[] = [];
    let tell = (state: ReservationState): void => void early.push(state);
    let hasEnded = false;
    let end = (): void => void (hasEnded = true);
    const leave = await this.follower.follow(couponId, userId, {
      kind: 'stream',
      onState: (state) => tell(state),
      onEnd: () => end(),
    });
    // Not before: what is thrown until here is answered as a problem.
    const stream = new EventStream(reply, leave);
    tell = (state) => stream.send('reservation', state.sequenceNumber, state);
    end = () => stream.close();
    for (const state of early) tell(state);
    if (hasEnded) end();
    return stream;
  }
}
