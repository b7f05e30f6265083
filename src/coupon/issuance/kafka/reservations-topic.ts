import { z } from 'zod';
import type { KafkaMessage } from '../../../platform/kafka/kafka-messages.js';
import type { Reservation } from '../../reservation/reservation.js';

export const RESERVATIONS_TOPIC = 'firstcome.reservations';
/** All instances that issue. */
export const ISSUANCE_GROUP = 'firstcome.issuance';

const positive = z.int().positive();
const content = z.object({
  couponId: positive,
  reservations: z.array(z.object({ userId: positive, sequenceNumber: positive, reservedAt: z.number() })),
});

/** Users who were admitted to one coupon. */
export type Admitted = z.output<typeof content>;

/** One message for all of them. Its key keeps the order of a coupon. */
export function toMessage(couponId: number, reservations: readonly Reservation[]): KafkaMessage {
  return { key: String(couponId), value: JSON.stringify({ couponId, reservations }) };
}

/** Undefined for what is not one of these messages: anybody may write to a topic. */
export function fromMessage(value: Buffer | null): Admitted | undefined {
  try {
    return content.safeParse(JSON.parse(String(value))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
