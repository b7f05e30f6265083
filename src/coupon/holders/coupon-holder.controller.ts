import { Controller, Get, HttpStatus, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Actor, ByActor, NeedsRole } from '../../identity/index.js';
import { idParam } from '../../platform/http/schemas.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { CouponHolderExports } from './coupon-holder-exports.service.js';
import { type HoldersQuery, holdersQuery, holdersResponse } from './coupon-holder.schemas.js';
import { CouponHolders, MAX_ROWS_READ } from './coupon-holders.service.js';

const EXAMPLE = `userCouponId,userId,sequenceNumber,code,status,issuedAt,usedAt,revokedAt,expiresAt
9001,1000,124,H7KQ2MWX9RTB,AVAILABLE,2026-11-20T09:00:00.123Z,,,2036-12-31T14:59:59.000Z
`;

@ApiTags('coupon administration')
@Controller('api/coupons/:couponId')
export class CouponHolderController {
  constructor(
    private readonly holders: CouponHolders,
    private readonly exports: CouponHolderExports,
  ) {}

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

  @Get('user-coupons.csv')
  @NeedsRole('viewer')
  @ApiOperation({
    summary: 'Get all who hold a coupon as a file',
    description:
      'In the order of the sequence numbers, one line each, in UTF-8 with a byte order mark; times are in UTC. What a ' +
      'spreadsheet would run has an apostrophe before it. A file that breaks off in the middle ends with its connection, ' +
      'as an error of the transfer, also when the instance stops. Whoever has asked for it is in the trace.',
  })
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'The file',
    headers: {
      'Content-Disposition': {
        description: 'How the file is called',
        schema: { type: 'string' },
        example: 'attachment; filename="user-coupons-1.csv"',
      },
    },
    content: { 'text/csv': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  @Problems('COUPON_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  send(
    @Param('couponId', { schema: idParam }) couponId: number,
    @ByActor() actor: Actor,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.exports.send(couponId, actor, reply);
  }
}
