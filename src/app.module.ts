import { type DynamicModule, Module } from '@nestjs/common';
import type { AppConfig } from './config.js';
import { CONNECTION_CLASSES } from './connection-classes.js';
import { CouponModule } from './coupon/index.js';
import { EventRelayModule } from './events/index.js';
import { IdentityModule } from './identity/index.js';
import { LoadTestModule } from './load-test/index.js';
import { MIGRATIONS } from './migrations.js';
import { OperationsModule } from './operations/operations.module.js';
import { OrderModule } from './order/index.js';
import { ClockModule } from './platform/clock.js';
import { ConfigModule } from './platform/config/config.module.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { EventsModule } from './platform/events/events.module.js';
import { FaultPointModule } from './platform/fault-points.js';
import { HttpModule } from './platform/http/http.module.js';
import { ImportModule } from './platform/import/import.module.js';
import { KafkaModule } from './platform/kafka/kafka.module.js';
import { MetricsModule } from './platform/metrics/metrics.module.js';
import { RedisModule } from './platform/redis/redis.module.js';
import { SchedulingModule } from './platform/scheduling/scheduling.module.js';
import { RankingModule } from './ranking/index.js';
import { REDIS_SCRIPTS } from './redis-scripts.js';
import { RpcModule } from './rpc/index.js';

/** Composition only: which modules make up the application. */
@Module({})
export class AppModule {
  static readonly purpose =
    'Hands out a limited number of coupons to the first who ask, and shows a live ranking of best-selling products.';
  static readonly otherApis =
    'The campaign RPC, `POST /coupon.v1.CouponService/…` by Connect and gRPC-Web, is described in docs/rpc.md.';
  static readonly tags = {
    coupons: 'Promotions: their stock, their discount, their window; and the coupons that a user holds',
    reservations: 'Asking for a coupon, and what becomes of it',
    'coupon administration': 'Comparing Redis with MySQL, and putting right what went wrong',
    orders: 'Orders, and paying them',
    products: 'What can be bought',
    ranking: 'What sells best today',
    users: 'Users and their balances',
    webhooks: 'Telling other systems what was decided',
    operations: 'Whether it runs, what it measures, and who changed what',
  };
  /** Of the test data, and of what is made first in a new database. */
  static readonly exampleIds = {
    couponId: 1,
    userId: 1000,
    productId: 1,
    orderId: 1,
    failureId: 1,
    webhookId: 1,
    deliveryId: 1,
  };

  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        HttpModule,
        DatabaseModule.forRoot(MIGRATIONS, CONNECTION_CLASSES),
        RedisModule.forRoot(REDIS_SCRIPTS),
        KafkaModule,
        EventsModule,
        SchedulingModule,
        ClockModule,
        MetricsModule,
        FaultPointModule,
        ImportModule,
        IdentityModule,
        OperationsModule,
        EventRelayModule,
        CouponModule,
        OrderModule,
        RankingModule,
        RpcModule,
        ...LoadTestModule.register(config.profile),
      ],
    };
  }
}
