import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { NamesUser } from '../../identity/index.js';
import { idParam } from '../../platform/http/schemas.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { EntryDesk } from './entry-desk.service.js';
import { entryTicketBody, type EntryTicketRequest, entryTicketResponse } from './entry-ticket.schemas.js';

@ApiTags('reservations')
@Controller('api/coupons/:couponId/entry-tickets')
export class EntryTicketController {
  constructor(private readonly desk: EntryDesk) {}

  @Post()
  @NamesUser('act', 'body')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Get an entry ticket',
    description:
      'For a coupon with `entry: ticket`, from its `entryOpensAt` on. Each user has a moment of their own, drawn over ' +
      'the first `entrySpreadSeconds` after the start: whoever is there before that has the same chance, however fast ' +
      'and however often they ask. Before the opening `Retry-After` says how many seconds are left. With ' +
      '`challenge: turnstile` each call needs a response of its own, since Cloudflare takes none twice.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The ticket', standardSchema: entryTicketResponse })
  @Problems(
    'COUPON_NOT_FOUND',
    'USER_NOT_FOUND',
    'COUPON_INACTIVE',
    'ENTRY_NOT_OPEN',
    'COUPON_EXPIRED',
    'CHALLENGE_FAILED',
    'CHALLENGE_UNAVAILABLE',
    'RESERVATION_UNAVAILABLE',
    'DATABASE_UNAVAILABLE',
  )
  give(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Body({ schema: entryTicketBody }) request: EntryTicketRequest,
  ) {
    return this.desk.give(couponId, request);
  }
}
