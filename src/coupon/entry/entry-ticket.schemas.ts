import { z } from 'zod';
import { id, optional } from '../../platform/http/schemas.js';
import { time } from '../../platform/http/response-schemas.js';

/** What Turnstile says that a response has at most. */
const MAX_RESPONSE_LENGTH = 2048;
const RESPONSE_ERROR = `must be text of 1 to ${MAX_RESPONSE_LENGTH} characters`;

export const entryTicketBody = z
  .strictObject({
    userId: id,
    challengeResponse: optional(
      z
        .string({ error: RESPONSE_ERROR })
        .min(1, { error: RESPONSE_ERROR })
        .max(MAX_RESPONSE_LENGTH, { error: RESPONSE_ERROR }),
    ).meta({ description: 'What the widget of Turnstile gave the user, where the coupon has challenge: turnstile' }),
  })
  .meta({ id: 'EntryTicketRequest', example: { userId: 1000 } });
export type EntryTicketRequest = z.output<typeof entryTicketBody>;

export const entryTicketResponse = z
  .object({
    ticket: z.string().meta({ description: 'For the header Entry-Ticket; opaque' }),
    notBefore: time.meta({ description: 'When this user may come in: the same however often one asks before it' }),
    expiresAt: time,
  })
  .meta({
    id: 'EntryTicket',
    example: {
      ticket: 'AQGh-C8jUgGh-DhLEql4Sktu2vXua_mDFTcGVcO5V4RNCks9n2uIlsR3mnGJ',
      notBefore: '2026-11-20T09:00:03.172Z',
      expiresAt: '2026-11-20T09:10:03.172Z',
    },
  });
