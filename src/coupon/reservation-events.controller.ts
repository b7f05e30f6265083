import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { NamesUser } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { ReservationEvents } from './reservation-events.service.js';

const EXAMPLE = `retry: 2000
id: 124
event: reservation
data: {"couponId":42,"userId":1042,"sequenceNumber":124,"status":"RESERVED"}

id: 124
event: reservation
data: {"couponId":42,"userId":1042,"status":"ISSUED","sequenceNumber":124,"userCouponId":9001,"code":null,"issuedAt":"2026-11-20T09:00:00.123Z"}

`;

@ApiTags('reservations')
@Controller()
export class ReservationEventsController {
  constructor(private readonly events: ReservationEvents) {}

  @Get('api/coupons/:couponId/reservations/:userId/events')
  @NamesUser('read', 'params')
  @ApiOperation({
    summary: 'Follow a reservation as a stream of events',
    description:
      'The state at once, then each change; `id` is the sequence number, and `data` what GET of the reservation answers. ' +
      'Ends after ISSUED or FAILED, and when the instance stops: a page closes its EventSource after the former, and ' +
      'comes back by itself after the latter. A comment every 15 s keeps the connection alive.',
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
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.events.open(couponId, userId, reply);
  }
}
