import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Actor, ByActor, NeedsRole } from '../../identity/index.js';
import { TakesBodiesUpTo } from '../../platform/http/longer-bodies.js';
import { idParam } from '../../platform/http/schemas.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { NAMED_USERS_BODY_BYTES } from '../named-users.schemas.js';
import { type GrantBody, grantBody, grantResponse } from './grant.schemas.js';
import { Grants } from './grant.service.js';

@ApiTags('coupon administration')
@Controller('api/coupons/:couponId/grants')
export class GrantController {
  constructor(private readonly grants: Grants) {}

  @Post()
  @NeedsRole('operator')
  @HttpCode(HttpStatus.OK)
  @TakesBodiesUpTo(NAMED_USERS_BODY_BYTES)
  @ApiOperation({
    summary: 'Give a coupon to users',
    description:
      'Takes a slot for each of up to 10,000 users, also while the coupon is paused, not open yet or ended, but never above ' +
      'its capacity and never twice for one user. Answers when the coupons are issued, after 20 s at most; each user is in ' +
      'one of the lists. The call may be made again: whoever has the coupon by then is `alreadyIssued`. Refused when what ' +
      'would be issued could not be spent any more.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'How it went for each user', standardSchema: grantResponse })
  @Problems('COUPON_NOT_FOUND', 'COUPON_EXPIRED', 'RESERVATION_UNAVAILABLE', 'DATABASE_UNAVAILABLE')
  grant(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Body({ schema: grantBody }) { userIds }: GrantBody,
    @ByActor() actor: Actor,
  ) {
    return this.grants.grant(couponId, userIds, actor);
  }
}
