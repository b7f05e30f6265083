import { ApiHeader } from '@nestjs/swagger';
import type { IncomingHttpHeaders } from 'node:http';

/** The header that carries the ticket of whoever reserves. */
export const ENTRY_TICKET_HEADER = 'Entry-Ticket';

/** Its value in a request that did not come through a controller; Node joins what is sent twice into one text. */
export function entryTicketOf(headers: IncomingHttpHeaders): string | undefined {
  const value = headers[ENTRY_TICKET_HEADER.toLowerCase()];
  return typeof value === 'string' ? value : undefined;
}

/** Documents the header of a call. */
export const ApiEntryTicket = () =>
  ApiHeader({
    name: ENTRY_TICKET_HEADER,
    required: false,
    description:
      'The ticket that POST /api/coupons/{couponId}/entry-tickets gave this user; needed where the coupon has entry: ' +
      'ticket. With ENTRY_TICKET_TOO_EARLY `Retry-After` says how many seconds are left',
    schema: { type: 'string' },
  });
