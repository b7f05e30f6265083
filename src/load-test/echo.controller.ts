import { Body, Controller, HttpCode, HttpStatus, Param, Post, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { located, reserved } from '../coupon/index.js';
import { id, idParam } from '../platform/http/schemas.js';

const echoBody = z.strictObject({ userId: id });

/**
 * What the benchmark compares with: takes and answers what a reservation takes and answers, and does nothing in
 * between. So the difference to a reservation is the price of the saga, and no framework's.
 */
@ApiExcludeController()
@Controller('load-test/echo')
export class EchoController {
  private count = 0;

  @Post(':couponId')
  @HttpCode(HttpStatus.OK)
  echo(
    @Param('couponId', { schema: idParam }) couponId: number,
    @Body({ schema: echoBody }) { userId }: z.output<typeof echoBody>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    this.count += 1;
    return located(reply, reserved(couponId, userId, this.count));
  }
}
