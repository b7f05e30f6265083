import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** From when until when a ticket counts, in whole ms since 1970. */
export interface TicketTimes {
  readonly notBefore: number;
  readonly expiresAt: number;
}

const VERSION = 1;
/** Enough until the year 10889. */
const TIME_BYTES = 6;
const HEAD_BYTES = 1 + 2 * TIME_BYTES;
const MAC_BYTES = 32;
/** The bytes fill all characters to the last bit, so no two texts are the same ticket. */
const TICKET = new RegExp(`^[\\w-]{${((HEAD_BYTES + MAC_BYTES) / 3) * 4}}$`);

/**
 * Tickets for subjects that say nothing here, such as `entry:42:1042`: made and checked without I/O, by whoever has the
 * secret. A ticket is the base64url text of its version (1 byte), its two times (6 bytes each, big-endian), and the
 * HMAC-SHA256 of these bytes followed by the subject. The subject itself is not in it.
 */
export class SignedTickets {
  private readonly secret: KeyObject;
  private readonly accepted: readonly KeyObject[];

  /** @param otherSecret whose tickets are accepted too, and not made: the one before, or the one to come */
  constructor(secret: string, otherSecret?: string) {
    this.secret = keyOf(secret);
    this.accepted = otherSecret === undefined ? [this.secret] : [this.secret, keyOf(otherSecret)];
  }

  sign(subject: string, { notBefore, expiresAt }: TicketTimes): string {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt8(VERSION);
    head.writeUIntBE(notBefore, 1, TIME_BYTES);
    head.writeUIntBE(expiresAt, 1 + TIME_BYTES, TIME_BYTES);
    return Buffer.concat([head, macOf(this.secret, head, subject)]).toString('base64url');
  }

  /** The times of a ticket, or undefined when it is none of ours for this subject; the caller looks at the clock. */
  verify(ticket: string, subject: string): TicketTimes | undefined {
    if (!TICKET.test(ticket)) return undefined;
    const bytes = Buffer.from(ticket, 'base64url');
    const head = bytes.subarray(0, HEAD_BYTES);
    const mac = bytes.subarray(HEAD_BYTES);
    if (head.readUInt8() !== VERSION) return undefined;
    if (!this.accepted.some((key) => timingSafeEqual(macOf(key, head, subject), mac))) return undefined;
    return { notBefore: head.readUIntBE(1, TIME_BYTES), expiresAt: head.readUIntBE(1 + TIME_BYTES, TIME_BYTES) };
  }
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}

function macOf(key: KeyObject, head: Buffer, subject: string): Buffer {
  return createHmac('sha256', key).update(head).update(subject).digest();
}
