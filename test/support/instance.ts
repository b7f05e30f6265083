import type { Abstract, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/config.js';
import { CouponService } from '../../src/coupon/coupon.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { createApp } from '../../src/platform/http/create-app.js';
import { atEndOfFile } from './cleanup.js';

const HOUR_MS = 3_600_000;

/** Of a test file's own servers, since an instance sweeps and loads every coupon that it finds there. */
export interface Servers {
  readonly redisUrl: string;
  readonly databaseUrl: string;
}

/**
 * The whole application inside the test's process, without a port: its services can be called one step at a time. It
 * does nothing by itself once it is open; sweeps run when a test calls them.
 */
export class Instance {
  private constructor(private readonly app: NestFastifyApplication) {}

  /** Opens one of possibly several instances over the same servers; closed at the end of the test file. */
  static async open({ redisUrl, databaseUrl }: Servers, env: Readonly<Record<string, string>> = {}): Promise<Instance> {
    const config = loadConfig({
      ...process.env,
      NODE_ENV: 'test',
      REDIS_URL: redisUrl,
      DATABASE_URL: databaseUrl,
      REDIS_COMMAND_TIMEOUT_MS: '10000',
      COUPON_SWEEP_INTERVAL_MS: '600000',
      COUPON_ISSUANCE_LINGER_MS: '0',
      LOAD_TEST_SEED_AT_START: 'false',
      // Sweeps and failures warn, and here they are wanted.
      LOG_LEVEL: 'error',
      ...env,
    });
    const app = await createApp(AppModule, config);
    await app.init();
    atEndOfFile(() => app.close());
    // Whatever it looks at when it starts comes before this on the same connection.
    await app.get(SweepService).sweepAll();
    return new Instance(app);
  }

  /** A service of the instance. */
  get<T>(service: Type<T> | Abstract<T>): T {
    return this.app.get(service, { strict: false });
  }

  /** Creates an open coupon for anyone; its id. */
  async createCoupon(totalQuantity: number): Promise<number> {
    const { couponId } = await this.get(CouponService).create({
      name: 'Of an instance',
      totalQuantity,
      discountAmount: 1000,
      discountRate: undefined,
      startsAt: new Date(Date.now() - HOUR_MS),
      expiresAt: new Date(Date.now() + HOUR_MS),
      isActive: true,
      audience: 'anyone',
      codeFormat: 'none',
      strategy: 'reservation',
    });
    return couponId;
  }
}
