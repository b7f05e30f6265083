import { Controller, Get, HttpStatus, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { NeedsRole } from '../../identity/index.js';
import { idParam } from '../../platform/http/schemas.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { type HoldersQuery, holdersQuery, holdersResponse } from './coupon-holder.schemas.js';
import { CouponHolders, MAX_ROWS_READ } from './coupon-holders.service.js';

@ApiTags('coupon administration')
@Controller('api/coupons/:couponId')
export class CouponHolderController {
  constructor(private readonly holders: CouponHolders) {}

  @Get('user-coupons')
  @NeedsRole('viewer')
  @ApiOperation({
    summary: 'List who holds a coupon',
    description:
      'In the order of the sequence numbers, in pages. With `status` a call looks at ' +
      `${MAX_ROWS_READ.toLocaleString('en')} user coupons at most: a page may then be short, or empty, and still have a ` +
      '`nextCursor`; only null says that it is the last.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of user coupons', standardSchema: holdersResponse })
  @Problems('COUPON_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  list(@Param('couponId', { schema: idParam }) couponId: number, @Query({ schema: holdersQuery }) query: HoldersQuery) {
    return this.holders.list(couponId, query);
  }
}
