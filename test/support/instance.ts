import type { Abstract, Type } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/config.js';
import type { CouponDraft } from '../../src/coupon/coupon.schemas.js';
import { OPEN_ENTRY } from '../../src/coupon/entry-terms.js';
import { CouponService } from '../../src/coupon/coupon.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { AppLogger } from '../../src/platform/logging/logger.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';
import { expectConnected } from './redis.js';
import { TESTER } from './actor.js';

const HOUR_MS = 3_600_000;
const DEFAULTS = {
  NODE_ENV: 'test',
  // Longer than any test: each of these jobs is called when a test wants what it does.
  COUPON_SWEEP_INTERVAL_MS: '600000',
  RANKING_RECONCILE_INTERVAL_MS: '3600000',
  RANKING_BACKUP_INTERVAL_MS: '86400000',
  ORDER_EXPIRY_INTERVAL_MS: '3600000',
  // It shares its event loop with the test, which may keep an answer waiting.
  REDIS_COMMAND_TIMEOUT_MS: '10000',
  RANKING_READ_TIMEOUT_MS: '10000',
  COUPON_ISSUANCE_LINGER_MS: '0',
  COUPON_HISTORY_ENABLED: 'false',
  LOAD_TEST_SEED_AT_START: 'false',
  // Sweeps and failures warn, and here they are wanted.
  LOG_LEVEL: 'error',
};

/** Of a test file's own servers, since an instance sweeps and loads every coupon that it finds there. */
export interface Servers {
  readonly redisUrl: string;
  readonly databaseUrl: string;
}

interface InstanceOptions {
  readonly servers: Servers;
  /** Added to (and stronger than) the environment of the test run and what is set here for every instance. */
  readonly env?: Readonly<Record<string, string>>;
  /** Puts other providers in the place of the real ones, for a test of what happens when these fail. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/**
 * The whole application inside the test's process, without a port: its services can be called one step at a time.
 * Nothing is swept, reconciled or backed up by itself once it is open; those jobs run when a test calls them.
 */
export class Instance {
  private constructor(private readonly app: NestFastifyApplication) {}

  /**
   * Opens one of possibly several instances over the same servers. Resolves when it is connected to Redis and what it
   * does at its start is over; closed at the end of the test file.
   */
  static async open({ servers, env = {}, override = (builder) => builder }: InstanceOptions): Promise<Instance> {
    const urls = { REDIS_URL: servers.redisUrl, DATABASE_URL: servers.databaseUrl };
    const config = loadConfig({ ...process.env, ...DEFAULTS, ...urls, ...env });
    const builder = Test.createTestingModule({ imports: [AppModule.forRoot(config)] });
    const module = await override(builder.setLogger(new AppLogger(config.log))).compile();
    const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    await app.init();
    atEndOfFile(() => app.close());
    await eventually(() => expectConnected(app.get(RedisConnection)));
    // Whatever it looks at when it starts comes before this on the same connection.
    await app.get(SweepService, { strict: false }).sweepAll();
    return new Instance(app);
  }

  /** Ends it before the test file does. */
  async close(): Promise<void> {
    await this.app.close();
  }

  /** A service of the instance. */
  get<T>(service: Type<T> | Abstract<T>): T {
    return this.app.get(service, { strict: false });
  }

  /** Creates an open coupon for anyone; its id. */
  async createCoupon(totalQuantity: number, overrides: Partial<CouponDraft> = {}): Promise<number> {
    const { couponId } = await this.get(CouponService).create(
      {
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
        ...OPEN_ENTRY,
        entryOpensAt: undefined,
        usableDays: undefined,
        usableUntil: undefined,
        isRedeemable: true,
        minOrderAmount: undefined,
        maxDiscountAmount: undefined,
        productIds: undefined,
        ...overrides,
      },
      TESTER,
    );
    return couponId;
  }
}
