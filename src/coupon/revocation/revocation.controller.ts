import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Actor, ByActor, NeedsRole } from '../../identity/index.js';
import { TakesBodiesUpTo } from '../../platform/http/longer-bodies.js';
import { idParam } from '../../platform/http/schemas.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { NAMED_USERS_BODY_BYTES } from '../named-users.schemas.js';
import { type RevocationBody, revocationBody, revocationResponse } from './revocation.schemas.js';
import { Revocations } from './revocation.service.js';

@ApiTags('coupon administration')
@Controller('api/coupons/:couponId/revocations')
export class RevocationController {
  constructor(private readonly revocations: Revocations) {}

  @Post()
  @NeedsRole('operator')
  @HttpCode(HttpStatus.OK)
  @TakesBodiesUpTo(NAMED_USERS_BODY_BYTES)
  @ApiOperation({
    summary: 'Take a coupon back',
    description:
      'From up to 10,000 users, or from all who have not used it. Whoever had it keeps a row and cannot get it again. With ' +
      '`returnSlots` as many can be issued to others; for users who were revoked without, the call may be made again with ' +
      'it. A used one stays USED and gives no slot back. Works for 20 s at most, and says how many remain.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'How many', standardSchema: revocationResponse })
  @Problems('COUPON_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  revoke(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Body({ schema: revocationBody }) body: RevocationBody,
    @ByActor() actor: Actor,
  ) {
    return this.revocations.revoke(couponId, body, actor);
  }
}
