import { Body, Controller, Get, Headers, HttpStatus, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Actor, ByActor, NeedsRole, Public } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import {
  ApiIdempotencyKey,
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeyOf,
} from '../platform/idempotency/idempotency-key.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { CouponSearch, MAX_COUPONS_READ } from './coupon-search.service.js';
import { changedCouponResponse, couponListResponse, couponResponse } from './coupon.responses.js';
import {
  changeCouponBody,
  type CouponPatch,
  couponsQuery,
  type CouponsQuery,
  type CreateCouponBody,
  createCouponBody,
  draftOf,
} from './coupon.schemas.js';
import { CouponService } from './coupon.service.js';

/** Who operates pauses and resumes claiming and spending; the rest is decided by administrators. */
const FIELDS_OF_OPERATORS = ['isActive', 'isRedeemable'];

@ApiTags('coupons')
@Controller('api/coupons')
export class CouponController {
  constructor(
    private readonly coupons: CouponService,
    private readonly search: CouponSearch,
  ) {}

  @Post()
  @NeedsRole('admin')
  @ApiOperation({
    summary: 'Create a coupon',
    description:
      'Defines a promotion: its stock, its discount and its window. It can be reserved as soon as it is open.',
  })
  @ApiIdempotencyKey()
  @ApiResponse({
    status: HttpStatus.CREATED,
    description: 'The coupon',
    headers: {
      Location: { description: 'Where the coupon is', schema: { type: 'string' }, example: '/api/coupons/1' },
    },
    standardSchema: couponResponse,
  })
  @Problems('DATABASE_UNAVAILABLE')
  async create(
    @Body({ schema: createCouponBody }) body: CreateCouponBody,
    @Headers(IDEMPOTENCY_KEY_HEADER) header: string | undefined,
    @ByActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const coupon = await this.coupons.create(draftOf(body), actor, idempotencyKeyOf(body, header));
    void reply.header('location', `/api/coupons/${coupon.couponId}`);
    return coupon;
  }

  @Get()
  @Public()
  @ApiOperation({
    summary: 'List the coupons',
    description:
      'The newest first, in pages. With `status` or `q` a call looks at ' +
      `${MAX_COUPONS_READ.toLocaleString('en')} coupons at most: a page may then be short, or empty, and still have a ` +
      '`nextCursor`; only null says that it is the last.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of coupons', standardSchema: couponListResponse })
  @Problems('DATABASE_UNAVAILABLE')
  list(@Query({ schema: couponsQuery }) query: CouponsQuery) {
    return this.search.list(query);
  }

  @Get(':couponId')
  @Public()
  @ApiOperation({
    summary: 'Show a coupon',
    description:
      'With its counts. `status` is the first that applies of PAUSED, SCHEDULED, ENDED, SOLD_OUT and OPEN. While Redis is ' +
      'away `reservedQuantity` is null and `remainingQuantity` is total less issued.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The coupon', standardSchema: couponResponse })
  @Problems('COUPON_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  get(@Param('couponId', { schema: idParam }) couponId: number) {
    return this.coupons.get(couponId);
  }

  @Patch(':couponId')
  @NeedsRole('operator', { fieldsOfOperators: FIELDS_OF_OPERATORS })
  @ApiOperation({
    summary: 'Change a coupon',
    description:
      'Changes what is named and leaves the rest. Every instance sees it within a second. An `expiresAt` that is already ' +
      'past ends the claim window; what people hold is not shortened by it. `isActive` false pauses claiming, ' +
      '`isRedeemable` false spending. Use-by times concern what is issued from now on, with `applyToIssued` also what is ' +
      'issued already; tighter conditions need it.',
  })
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'The coupon after the change',
    standardSchema: changedCouponResponse,
  })
  @Problems('COUPON_NOT_FOUND', 'QUANTITY_BELOW_COMMITTED', 'RESERVATION_UNAVAILABLE', 'DATABASE_UNAVAILABLE')
  change(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Body({ schema: changeCouponBody }) patch: CouponPatch,
    @ByActor() actor: Actor,
  ) {
    return this.coupons.change(couponId, patch, actor);
  }
}
