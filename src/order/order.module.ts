import { Module } from '@nestjs/common';
import { EventRelayModule } from '../events/index.js';
import { CouponModule } from '../coupon/index.js';
import { IdempotencyModule } from '../platform/idempotency/idempotency.module.js';
import { ProductModule } from '../product/index.js';
import { UserModule } from '../user/index.js';
import { CancellationRepository } from './cancellation.repository.js';
import { CancellationService } from './cancellation.service.js';
import { DescribeOrderEvents } from './describe-order-events.js';
import { ExpireOrdersJob } from './expire-orders.job.js';
import { ForgetUnpaidOrdersJob } from './forget-unpaid-orders.job.js';
import { OrderMetrics } from './order-metrics.js';
import { OrderNumbers } from './order-number.js';
import { OrderController } from './order.controller.js';
import { OrderPricing } from './order-pricing.service.js';
import { OrderRepository } from './order.repository.js';
import { OrderService } from './order.service.js';
import { PaidOrders } from './paid-orders.repository.js';
import { PaymentRepository } from './payment.repository.js';
import { PaymentService } from './payment.service.js';
import { UnpaidOrdersRepository } from './unpaid-orders.repository.js';

/** What orders are made, paid and cancelled with. */
export const ORDER_PROVIDERS = [
  OrderService,
  OrderRepository,
  OrderNumbers,
  OrderPricing,
  PaymentService,
  PaymentRepository,
  CancellationService,
  CancellationRepository,
  PaidOrders,
  DescribeOrderEvents,
];

const HOUSEKEEPING = [ExpireOrdersJob, ForgetUnpaidOrdersJob, UnpaidOrdersRepository, OrderMetrics];

@Module({
  imports: [EventRelayModule, IdempotencyModule, UserModule, ProductModule, CouponModule],
  controllers: [OrderController],
  providers: [...ORDER_PROVIDERS, ...HOUSEKEEPING],
  exports: [PaidOrders],
})
export class OrderModule {}
