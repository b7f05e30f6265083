import { Body, Controller, Get, Headers, HttpCode, HttpStatus, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Actor, ByActor, NamesUser, NeedsRole } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import {
  ApiIdempotencyKey,
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeyOf,
} from '../platform/idempotency/idempotency-key.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { BalanceService } from './balance.service.js';
import { UserRegistration } from './user-registration.service.js';
import { balanceEntriesResponse, balanceResponse, chargeResponse, userResponse } from './user.responses.js';
import {
  type BalanceEntriesQuery,
  balanceEntriesQuery,
  type Charge,
  chargeBody,
  type PutUser,
  putUserBody,
} from './user.schemas.js';
import { UserService } from './user.service.js';

@ApiTags('users')
@Controller('api/users/:userId')
export class UserController {
  constructor(
    private readonly users: UserService,
    private readonly registration: UserRegistration,
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

  @Put()
  @NeedsRole('admin')
  @ApiOperation({
    summary: 'Register or change a user',
    description:
      'Registers the user under this id, or replaces name and e-mail of the one who has it; an e-mail that is left out is ' +
      'none. Who is registered may reserve at once. The e-mail of another user is refused.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The user was there', standardSchema: userResponse })
  @ApiResponse({
    status: HttpStatus.CREATED,
    description: 'The user is registered',
    headers: {
      Location: { description: 'Where the user is', schema: { type: 'string' }, example: '/api/users/1042' },
    },
    standardSchema: userResponse,
  })
  @Problems('DATABASE_UNAVAILABLE')
  async put(
    @Param('userId', { schema: idParam }) userId: number,
    @Body({ schema: putUserBody }) { name, email }: PutUser,
    @ByActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { user, isNew } = await this.registration.put({ userId, name, email: email ?? null }, actor);
    if (isNew) void reply.code(HttpStatus.CREATED).header('location', `/api/users/${userId}`);
    return user;
  }

  @Get('balance')
  @NamesUser('read', 'params')
  @ApiOperation({ summary: 'Show the balance of a user', description: 'What the user can spend, in won.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'The balance', standardSchema: balanceResponse })
  @Problems('USER_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  balance(@Param('userId', { schema: idParam }) userId: number) {
    return this.balances.get(userId);
  }

  @Get('balance/entries')
  @NamesUser('read', 'params')
  @ApiOperation({
    summary: 'List the movements of a balance',
    description: 'Charges, payments and refunds, the newest first, in pages. They add up to the balance.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of entries', standardSchema: balanceEntriesResponse })
  @Problems('USER_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  balanceEntries(
    @Param('userId', { schema: idParam }) userId: number,
    @Query({ schema: balanceEntriesQuery }) query: BalanceEntriesQuery,
  ) {
    return this.balances.listEntries(userId, query);
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
