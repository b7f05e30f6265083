import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { type FoundReading, ReservationReader } from '../issuance/reservation-reader.service.js';
import { hasEnded, isNews, type ReservationEnding } from '../reservation-reading.js';
import type { Reservation } from '../reservation/reservation.js';
import { inChunks, type WorkTime } from '../work-time.js';

/** Reservations read in one exchange. */
const CHUNK = 500;
/** Between two looks at those that are not decided. */
const LOOK_MS = 100;

/**
 * Waits for many reservations to be decided, by whichever instance. Not by ReservationWaiters: thousands at once would
 * leave no place there for callers who wait for their own.
 */
@Injectable()
export class DecisionReader {
  constructor(private readonly reader: ReservationReader) {}

  /** Tells of each reservation how it ended, until all have, or the time is over. An outage only takes of that time. */
  async follow(
    couponId: number,
    reservations: readonly Reservation[],
    time: WorkTime,
    onEnd: (userId: number, ending: ReservationEnding) => void,
  ): Promise<void> {
    // They are decided by their numbers, so the first chunks are asked for often and the rest hardly.
    for (const chunk of inChunks(reservations, CHUNK)) {
      const undecided = new Map(chunk.map((reservation) => [reservation.userId, reservation.sequenceNumber]));
      for (;;) {
        for (const { userId, reading } of await this.read(couponId, [...undecided.keys()])) {
          const known = { status: 'RESERVED' as const, sequenceNumber: undecided.get(userId) ?? 0 };
          // A failure may be of an earlier reservation of the user.
          if (!hasEnded(reading) || !isNews(reading, known)) continue;
          undecided.delete(userId);
          onEnd(userId, reading);
        }
        if (undecided.size === 0 || time.isOver) break;
        await delay(LOOK_MS);
      }
    }
  }

  private async read(couponId: number, userIds: readonly number[]): Promise<FoundReading[]> {
    try {
      return await this.reader.read(new Map([[couponId, userIds]]));
    } catch (error) {
      if (isDatabaseUnavailable(error)) return [];
      throw error;
    }
  }
}
