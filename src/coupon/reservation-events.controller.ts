import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { LinkTickets, NamesUser } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { eventsTicketResponse } from './coupon.responses.js';
import { ticketQuery } from './coupon.schemas.js';
import { eventsLocation } from './reservation-location.js';
import { ReservationEvents } from './reservation-events.service.js';

const EXAMPLE = `retry: 2000
id: 124
event: reservation
data: {"couponId":1,"userId":1000,"sequenceNumber":124,"status":"RESERVED"}

id: 124
event: reservation
data: {"couponId":1,"userId":1000,"status":"ISSUED","sequenceNumber":124,"userCouponId":9001,"code":null,"issuedAt":"2026-11-20T09:00:00.123Z"}

`;

@ApiTags('reservations')
@Controller()
export class ReservationEventsController {
  constructor(
    private readonly events: ReservationEvents,
    private readonly tickets: LinkTickets,
  ) {}

  @Get('api/coupons/:couponId/reservations/:userId/events')
  @NamesUser('read', 'params', { byTicket: true })
  @ApiOperation({
    summary: 'Follow a reservation as a stream of events',
    description:
      'The state at once, then each change; `id` is the sequence number, and `data` what GET of the reservation answers. ' +
      'Ends after ISSUED or FAILED, and when the instance stops: a page closes its EventSource after the former, and ' +
      'comes back by itself after the latter. A comment every 15 s keeps the connection alive. An EventSource cannot send ' +
      'a header: with `identity.mode: required` a page gets a ticket first, and another one when it is refused.',
  })
  @ApiResponse({
    status: 200,
    description: 'Server-sent events named `reservation`',
    content: { 'text/event-stream': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  @Problems(
    'COUPON_NOT_FOUND',
    'RESERVATION_NOT_FOUND',
    'TOO_MANY_WAITERS',
    'RESERVATION_UNAVAILABLE',
    'DATABASE_UNAVAILABLE',
  )
  open(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Param('userId', { schema: idParam }) userId: number,
    // Looked at before, by whoever finds out who asks.
    @Query({ schema: ticketQuery }) _query: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.events.open(couponId, userId, reply);
  }

  @Post('api/coupons/:couponId/reservations/:userId/events-ticket')
  @NamesUser('read', 'params')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Get a ticket for the stream of events',
    description:
      'It goes into the query `ticket` of GET …/events, and opens that stream for a minute, and nothing else.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The ticket', standardSchema: eventsTicketResponse })
  @Problems()
  giveTicket(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Param('userId', { schema: idParam }) userId: number,
  ) {
    return this.tickets.give(eventsLocation(couponId, userId));
  }
}
