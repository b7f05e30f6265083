import { type DynamicModule, Module } from '@nestjs/common';
import { CouponModule } from '../coupon/index.js';
import type { Config } from '../platform/config/config.schema.js';
import { ProductModule } from '../product/index.js';
import { UserModule } from '../user/index.js';
import { EchoController } from './echo.controller.js';
import { Seeder } from './seeder.service.js';

@Module({})
export class LoadTestModule {
  /**
   * The module, under a profile that may have test users and test coupons; nothing under any other, so that no flag can
   * bring them there (P9): `imports: [...LoadTestModule.register(config.profile)]`.
   */
  static register(profile: Config['profile']): DynamicModule[] {
    if (profile !== 'local' && profile !== 'test') return [];
    return [
      {
        module: LoadTestModule,
        imports: [UserModule, ProductModule, CouponModule],
        controllers: [EchoController],
        providers: [Seeder],
        exports: [Seeder],
      },
    ];
  }
}
