import { Controller, Get, HttpStatus, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { NamesUser } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { userCouponListResponse } from './coupon.responses.js';
import { type UserCouponsPage, userCouponsQuery } from './coupon.schemas.js';
import { UserCouponService } from './user-coupon.service.js';

@ApiTags('coupons')
@Controller('api/users/:userId/coupons')
export class UserCouponController {
  constructor(private readonly userCoupons: UserCouponService) {}

  @Get()
  @NamesUser('read', 'params')
  @ApiOperation({
    summary: 'List the coupons of a user',
    description: 'The newest first, in pages. The user need not be registered: coupons for anyone are shown as well.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of user coupons', standardSchema: userCouponListResponse })
  @Problems('DATABASE_UNAVAILABLE')
  list(
    @Param('userId', { schema: idParam }) userId: number,
    @Query({ schema: userCouponsQuery }) page: UserCouponsPage,
  ) {
    return this.userCoupons.list(userId, page);
  }
}
