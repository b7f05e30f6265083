import { Body, Controller, Get, Headers, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { NamesUser } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import {
  ApiIdempotencyKey,
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeyOf,
} from '../platform/idempotency/idempotency-key.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { BalanceService } from './balance.service.js';
import { balanceResponse, chargeResponse, userResponse } from './user.responses.js';
import { type Charge, chargeBody } from './user.schemas.js';
import { UserService } from './user.service.js';

@ApiTags('users')
@Controller('api/users/:userId')
export class UserController {
  constructor(
    private readonly users: UserService,
    private readonly balances: BalanceService,
  ) {}

  @Get()
  @NamesUser('read', 'params')
  @ApiOperation({ summary: 'Show a user', description: 'Who is registered under this id.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'The user', standardSchema: userResponse })
  @Problems('USER_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  get(@Param('userId', { schema: idParam }) userId: number) {
    return this.users.get(userId);
  }

  @Get('balance')
  @NamesUser('read', 'params')
  @ApiOperation({ summary: 'Show the balance of a user', description: 'What the user can spend, in won.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'The balance', standardSchema: balanceResponse })
  @Problems('USER_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  balance(@Param('userId', { schema: idParam }) userId: number) {
    return this.balances.get(userId);
  }

  @Post('balance/charge')
  @NamesUser('charge', 'params')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Charge the balance of a user',
    description:
      'Adds the amount in won. With an idempotency key it is added once, however often the request is repeated.',
  })
  @ApiIdempotencyKey()
  @ApiResponse({ status: HttpStatus.OK, description: 'The balance after the charge', standardSchema: chargeResponse })
  @Problems('USER_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  charge(
    @Param('userId', { schema: idParam }) userId: number,
    @Body({ schema: chargeBody }) body: Charge,
    @Headers(IDEMPOTENCY_KEY_HEADER) header: string | undefined,
  ) {
    return this.balances.charge(userId, body.amount, idempotencyKeyOf(body, header));
  }
}
