import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, NamesUser } from '../identity/index.js';
import { SameSiteGuard } from '../platform/http/same-site.guard.js';
import { idParam } from '../platform/http/schemas.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { issuedResponse, reservationResponse, reservedResponse } from './coupon.responses.js';
import {
  type CouponAndHolder,
  couponAndHolderBody,
  couponQuery,
  type Holder,
  holderBody,
  holderOf,
  type WaitQuery,
  waitQuery,
} from './coupon.schemas.js';
import { ApiEntryTicket, ENTRY_TICKET_HEADER } from './entry/entry-ticket-header.js';
import { issuedOrLocated, located } from './reservation-location.js';
import { callerWait } from './reservation-wait.js';
import { ReservationFollower } from './reservation-follower.service.js';
import { ReservationService } from './reservation.service.js';

const LOCATION = {
  Location: {
    description: 'Where the reservation can be followed',
    schema: { type: 'string' as const },
    example: '/api/coupons/1/reservations/1000',
  },
};
const PREFERENCE_APPLIED = {
  'Preference-Applied': {
    description: 'What was made of `Prefer`',
    schema: { type: 'string' as const },
    example: 'wait=10',
  },
};
const RESERVED = { description: 'The slot is held', headers: LOCATION, standardSchema: reservedResponse };
const ISSUED = { status: HttpStatus.OK, description: 'The coupon is issued', standardSchema: issuedResponse };
const NOT_YET = {
  status: HttpStatus.ACCEPTED,
  description: 'The slot is held, but MySQL has not confirmed it in time; the issuance goes on',
  headers: LOCATION,
  standardSchema: reservedResponse,
};

const RESERVE =
  'Holds a slot and answers at once; the coupon is issued within moments. With strategy lock it is issued before the ' +
  'answer. A user who asks again is told ALREADY_ISSUED, also when the coupon is sold out.';
const ISSUE =
  'As reserve, but answers only when the coupon is issued. Takes that longer than coupon.issueTimeoutMs, it answers 202 ' +
  'and where to look.';

const REFUSALS = [
  'COUPON_NOT_FOUND',
  'ENTRY_TICKET_REQUIRED',
  'ENTRY_TICKET_INVALID',
  'ENTRY_TICKET_TOO_EARLY',
  'USER_NOT_FOUND',
  'COUPON_INACTIVE',
  'COUPON_NOT_STARTED',
  'COUPON_EXPIRED',
  'ALREADY_ISSUED',
  'COUPON_SOLD_OUT',
  'RESERVATION_UNAVAILABLE',
  'DATABASE_UNAVAILABLE',
] as const;

@ApiTags('reservations')
@Controller()
export class ReservationController {
  constructor(
    private readonly reservations: ReservationService,
    private readonly follower: ReservationFollower,
  ) {}

  @Post('api/coupons/:couponId/reserve')
  @NamesUser('act', 'body', { isLimited: true })
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Reserve a coupon', description: RESERVE })
  @ApiEntryTicket()
  @ApiResponse({ status: HttpStatus.OK, ...RESERVED })
  @Problems(...REFUSALS)
  async reserve(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Body({ schema: holderBody }) body: Holder,
    @Headers(ENTRY_TICKET_HEADER) entryTicket: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return located(
      reply,
      await this.reservations.reserve(couponId, holderOf(body, couponId), entryTicket, callerOf(reply.request)),
    );
  }

  @Post('api/coupons/reserve')
  @NamesUser('act', 'body', { isLimited: true })
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Reserve a coupon (short form)', description: RESERVE })
  @ApiEntryTicket()
  @ApiResponse({ status: HttpStatus.OK, ...RESERVED })
  @Problems(...REFUSALS)
  async reserveShort(
    @Body({ schema: couponAndHolderBody }) { couponId, userId }: CouponAndHolder,
    @Headers(ENTRY_TICKET_HEADER) entryTicket: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return located(reply, await this.reservations.reserve(couponId, userId, entryTicket, callerOf(reply.request)));
  }

  @Post('coupons/:userId/issue-async')
  @UseGuards(SameSiteGuard)
  @NamesUser('act', 'params', { isLimited: true })
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({ summary: 'Reserve a coupon (without a body)', description: RESERVE })
  @ApiEntryTicket()
  @ApiResponse({ status: HttpStatus.ACCEPTED, ...RESERVED })
  @Problems(...REFUSALS, 'FORBIDDEN')
  async issueAsync(
    @Param('userId', { schema: idParam }) userId: number,
    @Query({ schema: couponQuery }) { couponId }: Pick<CouponAndHolder, 'couponId'>,
    @Headers(ENTRY_TICKET_HEADER) entryTicket: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return located(reply, await this.reservations.reserve(couponId, userId, entryTicket, callerOf(reply.request)));
  }

  @Post('api/coupons/:couponId/issue')
  @NamesUser('act', 'body', { isLimited: true })
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Issue a coupon', description: ISSUE })
  @ApiEntryTicket()
  @ApiResponse(ISSUED)
  @ApiResponse(NOT_YET)
  @Problems(...REFUSALS, 'ISSUANCE_FAILED')
  async issue(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Body({ schema: holderBody }) body: Holder,
    @Headers(ENTRY_TICKET_HEADER) entryTicket: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return issuedOrLocated(
      reply,
      await this.reservations.issue(couponId, holderOf(body, couponId), entryTicket, callerOf(reply.request)),
    );
  }

  @Post('api/coupons/issue')
  @NamesUser('act', 'body', { isLimited: true })
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Issue a coupon (short form)', description: ISSUE })
  @ApiEntryTicket()
  @ApiResponse(ISSUED)
  @ApiResponse(NOT_YET)
  @Problems(...REFUSALS, 'ISSUANCE_FAILED')
  async issueShort(
    @Body({ schema: couponAndHolderBody }) { couponId, userId }: CouponAndHolder,
    @Headers(ENTRY_TICKET_HEADER) entryTicket: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return issuedOrLocated(
      reply,
      await this.reservations.issue(couponId, userId, entryTicket, callerOf(reply.request)),
    );
  }

  @Get('api/coupons/:couponId/reservations/:userId')
  @NamesUser('read', 'params')
  @ApiOperation({
    summary: 'Follow a reservation',
    description:
      'RESERVED until it ends, then ISSUED with `userCouponId`, `code` and `issuedAt`, or FAILED with `failureReason`. ' +
      'With `wait`, or `Prefer: wait=10`, the answer waits for the end, and says RESERVED when it did not come in time.',
  })
  @ApiHeader({
    name: 'Prefer',
    required: false,
    description: 'As the query `wait`, which wins (RFC 7240); more than 30 s are 30',
    schema: { type: 'string', example: 'wait=10' },
  })
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'The reservation',
    headers: PREFERENCE_APPLIED,
    standardSchema: reservationResponse,
  })
  @Problems(
    'COUPON_NOT_FOUND',
    'RESERVATION_NOT_FOUND',
    'TOO_MANY_WAITERS',
    'RESERVATION_UNAVAILABLE',
    'DATABASE_UNAVAILABLE',
  )
  find(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Param('userId', { schema: idParam }) userId: number,
    @Query({ schema: waitQuery }) query: WaitQuery,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.follower.findEnded(couponId, userId, callerWait(query, request, reply));
  }
}
