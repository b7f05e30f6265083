import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Actor, ByActor, NeedsRole } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { AuditService } from './audit/audit.service.js';
import { CouponAdministration } from './coupon-administration.service.js';
import { auditResponse, failureListResponse, reservedResponse, retriedFailuresResponse } from './coupon.responses.js';
import { type Page, pageQuery } from './coupon.schemas.js';
import { FailureService } from './issuance/failure.service.js';
import { located } from './reservation-location.js';

@ApiTags('coupon administration')
@Controller('api/coupons/:couponId')
export class CouponAdministrationController {
  constructor(
    private readonly audits: AuditService,
    private readonly administration: CouponAdministration,
    private readonly failures: FailureService,
  ) {}

  @Get('audit')
  @NeedsRole('operator')
  @ApiOperation({
    summary: 'Compare Redis with MySQL',
    description: 'Names every violation. Work in flight is none: what looks suspicious is looked at a second time.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The audit', standardSchema: auditResponse })
  @Problems('COUPON_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  audit(@Param('couponId', { schema: idParam }) couponId: number) {
    return this.audits.audit(couponId);
  }

  @Post('rebuild')
  @NeedsRole('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Fill the Redis keys anew from MySQL',
    description:
      'The coupon is closed meanwhile. Pending reservations are kept. A coupon that has ended is not rebuilt.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The audit after the rebuild', standardSchema: auditResponse })
  @Problems('COUPON_NOT_FOUND', 'COUPON_EXPIRED', 'RESERVATION_UNAVAILABLE', 'DATABASE_UNAVAILABLE')
  rebuild(@Param('couponId', { schema: idParam }) couponId: number, @ByActor() actor: Actor) {
    return this.administration.rebuild(couponId, actor);
  }

  @Get('failures')
  @NeedsRole('viewer')
  @ApiOperation({
    summary: 'List the failures of a coupon',
    description: 'Reservations that ended as FAILED, and why.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of failures', standardSchema: failureListResponse })
  @Problems('COUPON_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  listFailures(@Param('couponId', { schema: idParam }) couponId: number, @Query({ schema: pageQuery }) page: Page) {
    return this.failures.list(couponId, page);
  }

  @Post('failures/retry')
  @NeedsRole('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Try all failed reservations again',
    description:
      'All that nobody has retried, those that failed first before the others, as one by one, until the coupon is sold out. ' +
      'Works for 20 s at most, and says how many remain.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'How many', standardSchema: retriedFailuresResponse })
  @Problems('COUPON_NOT_FOUND', 'RESERVATION_UNAVAILABLE', 'DATABASE_UNAVAILABLE')
  retryAll(@Param('couponId', { schema: idParam }) couponId: number, @ByActor() actor: Actor) {
    return this.administration.retryAll(couponId, actor);
  }

  @Post('failures/:failureId/retry')
  @NeedsRole('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Try a failed reservation again',
    description: 'Takes a new slot and a new number for the same user, also while the coupon is paused or not open.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The new reservation', standardSchema: reservedResponse })
  @Problems(
    'COUPON_NOT_FOUND',
    'FAILURE_NOT_FOUND',
    'ALREADY_ISSUED',
    'COUPON_SOLD_OUT',
    'RESERVATION_UNAVAILABLE',
    'DATABASE_UNAVAILABLE',
  )
  async retry(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Param('failureId', { schema: idParam }) failureId: number,
    @ByActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return located(reply, await this.administration.retry(couponId, failureId, actor));
  }
}
