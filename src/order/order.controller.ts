import { Body, Controller, Get, Headers, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { NamesUser } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import {
  ApiIdempotencyKey,
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeyOf,
} from '../platform/idempotency/idempotency-key.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import {
  cancellationResponse,
  orderListResponse,
  orderResponse,
  paymentResponse,
  quoteResponse,
} from './order.responses.js';
import { CancellationService } from './cancellation.service.js';
import {
  type CancellationBody,
  cancellationBody,
  type CreateOrderBody,
  createOrderBody,
  draftOf,
  type OrderQuery,
  orderQuery,
  type OrdersQuery,
  ordersQuery,
  type PaymentBody,
  paymentBody,
} from './order.schemas.js';
import { OrderService } from './order.service.js';
import { PaymentService } from './payment.service.js';

@ApiTags('orders')
@Controller('api/orders')
export class OrderController {
  constructor(
    private readonly orders: OrderService,
    private readonly payments: PaymentService,
    private readonly cancellations: CancellationService,
  ) {}

  @Post()
  @NamesUser('act', 'body')
  @ApiOperation({
    summary: 'Create an order',
    description:
      'At the prices of this moment, PENDING until it is paid. Balance, stock and coupon are taken by the payment, so ' +
      'several unpaid orders may name the same coupon; the first one that is paid uses it.',
  })
  @ApiIdempotencyKey()
  @ApiResponse({
    status: HttpStatus.CREATED,
    description: 'The order',
    headers: {
      Location: { description: 'Where the order is', schema: { type: 'string' }, example: '/api/orders/1' },
    },
    standardSchema: orderResponse,
  })
  @Problems(
    'USER_NOT_FOUND',
    'PRODUCT_NOT_FOUND',
    'COUPON_NOT_USABLE',
    'COUPON_CONDITIONS_NOT_MET',
    'DATABASE_UNAVAILABLE',
  )
  async create(
    @Body({ schema: createOrderBody }) body: CreateOrderBody,
    @Headers(IDEMPOTENCY_KEY_HEADER) header: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const order = await this.orders.create(draftOf(body), idempotencyKeyOf(body, header));
    void reply.header('location', `/api/orders/${order.orderId}`);
    return order;
  }

  @Post('quote')
  @NamesUser('read', 'body')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Quote an order',
    description:
      'What an order would cost if it were created now, or why it would be refused; nothing is stored. It takes the body ' +
      'of an order, whose idempotencyKey has no meaning here.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'What it would cost', standardSchema: quoteResponse })
  @Problems(
    'USER_NOT_FOUND',
    'PRODUCT_NOT_FOUND',
    'COUPON_NOT_USABLE',
    'COUPON_CONDITIONS_NOT_MET',
    'DATABASE_UNAVAILABLE',
  )
  quote(@Body({ schema: createOrderBody }) body: CreateOrderBody) {
    return this.orders.quote(draftOf(body));
  }

  @Get()
  @NamesUser('read', 'query')
  @ApiOperation({ summary: 'List the orders of a user', description: 'The newest first, in pages.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of orders', standardSchema: orderListResponse })
  @Problems('DATABASE_UNAVAILABLE')
  list(@Query({ schema: ordersQuery }) query: OrdersQuery) {
    return this.orders.list(query);
  }

  @Get(':orderId')
  @NamesUser('read', 'query')
  @ApiOperation({
    summary: 'Show an order',
    description: 'With its items, its amounts in won and its status. With `userId` it is found for that user only.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The order', standardSchema: orderResponse })
  @Problems('ORDER_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  get(@Param('orderId', { schema: idParam }) orderId: number, @Query({ schema: orderQuery }) { userId }: OrderQuery) {
    return this.orders.get(orderId, userId);
  }

  @Post(':orderId/payment')
  @NamesUser('act', 'body')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Pay an order',
    description:
      'From the balance of its user. Balance, stock, coupon and order change together or not at all; an order that is ' +
      'refused stays PENDING and may be paid later. An order that is not paid expires after `order.expireAfterMinutes` (30).',
  })
  @ApiIdempotencyKey()
  @ApiResponse({ status: HttpStatus.OK, description: 'The order is paid', standardSchema: paymentResponse })
  @Problems(
    'ORDER_NOT_FOUND',
    'ORDER_ALREADY_PAID',
    'ORDER_EXPIRED',
    'ORDER_NOT_PAYABLE',
    'INSUFFICIENT_BALANCE',
    'OUT_OF_STOCK',
    'COUPON_NOT_USABLE',
    'COUPON_CONDITIONS_NOT_MET',
    'DATABASE_UNAVAILABLE',
  )
  pay(
    @Param('orderId', { schema: idParam }) orderId: number,
    @Body({ schema: paymentBody }) body: PaymentBody,
    @Headers(IDEMPOTENCY_KEY_HEADER) header: string | undefined,
  ) {
    return this.payments.pay(orderId, body.userId, idempotencyKeyOf(body, header));
  }

  @Post(':orderId/cancel')
  @NamesUser('act', 'body')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Cancel an order',
    description:
      'One that is PENDING becomes CANCELLED. One that is PAID becomes REFUNDED, within `order.refundDays` (7) of its ' +
      'payment: balance, stock and coupon are given back together or not at all. `remainingBalance` is what the user can ' +
      'spend then.',
  })
  @ApiIdempotencyKey()
  @ApiResponse({ status: HttpStatus.OK, description: 'The order has ended', standardSchema: cancellationResponse })
  @Problems('ORDER_NOT_FOUND', 'ORDER_NOT_CANCELLABLE', 'REFUND_PERIOD_OVER', 'BALANCE_FULL', 'DATABASE_UNAVAILABLE')
  cancel(
    @Param('orderId', { schema: idParam }) orderId: number,
    @Body({ schema: cancellationBody }) body: CancellationBody,
    @Headers(IDEMPOTENCY_KEY_HEADER) header: string | undefined,
  ) {
    return this.cancellations.cancel(orderId, body.userId, idempotencyKeyOf(body, header));
  }
}
