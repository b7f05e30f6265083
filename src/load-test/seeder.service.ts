import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { couponDraft, CouponService } from '../coupon/index.js';
import { Clock } from '../platform/clock.js';
import { CONFIG } from '../platform/config/config.module.js';
import { TransactionRunner } from '../platform/database/transaction-runner.js';
import { ProductSeeding } from '../product/index.js';
import { UserSeeding } from '../user/index.js';
import type { LoadTestConfig } from './load-test.config.js';
import { seedProducts } from './seed-products.js';
import { USER_RANGES, usersOf } from './seed-users.js';

const ROWS_PER_STATEMENT = 1000;
const COUPON_ID = 1;
const YEAR_MS = 365 * 24 * 3_600_000;

/** How many rows were missing and have been inserted; all zero when everything was there. */
export interface Seeded {
  readonly users: number;
  readonly products: number;
  readonly coupons: number;
}

/**
 * Fills the tables with what the load tests need. Inserts what is missing and touches nothing that is there, so it may
 * run at every start, in several processes at once.
 */
@Injectable()
export class Seeder implements OnApplicationBootstrap {
  private readonly logger = new Logger('Seeder');

  constructor(
    private readonly users: UserSeeding,
    private readonly products: ProductSeeding,
    private readonly coupons: CouponService,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: LoadTestConfig,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.loadTest.seedAtStart) await this.seed();
  }

  /** Inserts the missing test users, test products and the test coupon. Throws what the database throws. */
  async seed(): Promise<Seeded> {
    const startedAt = performance.now();
    this.logger.log(`profile ${this.config.profile}: looking for the data of the load tests`);
    const seeded = {
      users: await this.seedUsers(),
      products: await this.seedProducts(),
      coupons: (await this.seedCoupon()) ? 1 : 0,
    };
    const took = `${Math.round(performance.now() - startedAt)} ms`;
    const isComplete = seeded.users + seeded.products + seeded.coupons === 0;
    this.logger.log(
      isComplete
        ? `everything is there (${took})`
        : `added ${seeded.users} users, ${seeded.products} products, ${seeded.coupons} coupons (${took})`,
    );
    return seeded;
  }

  private async seedUsers(): Promise<number> {
    const now = this.clock.now();
    let added = 0;
    for (const range of USER_RANGES) {
      const present = new Set(await this.users.idsBetween(range.first, range.last));
      const missing = usersOf(range, now).filter(({ id }) => !present.has(id));
      await this.insert(missing, 'users', (manager, rows) => this.users.insertMissing(manager, rows));
      added += missing.length;
    }
    return added;
  }

  private async seedProducts(): Promise<number> {
    const products = seedProducts(this.clock.now());
    const present = new Set(await this.products.idsBetween(1, products.length));
    const missing = products.filter(({ id }) => !present.has(id));
    await this.insert(missing, 'products', (manager, rows) => this.products.insertMissing(manager, rows));
    return missing.length;
  }

  private async seedCoupon(): Promise<boolean> {
    const startsAt = this.clock.now();
    const draft = couponDraft({
      name: 'WELCOME10',
      totalQuantity: 1000,
      discountRate: 10,
      startsAt: startsAt.toISOString(),
      expiresAt: new Date(startsAt.getTime() + YEAR_MS).toISOString(),
    });
    return await this.coupons.createMissing(COUPON_ID, draft);
  }

  private async insert<T extends { readonly id: number }>(
    missing: readonly T[],
    what: string,
    insertMissing: (manager: EntityManager, rows: readonly T[]) => Promise<void>,
  ): Promise<void> {
    for (let done = 0; done < missing.length; done += ROWS_PER_STATEMENT) {
      const rows = missing.slice(done, done + ROWS_PER_STATEMENT);
      await this.transactions.run((manager) => insertMissing(manager, rows));
    }
    if (missing.length > 0) {
      this.logger.log(`${what} ${missing[0]?.id} to ${missing.at(-1)?.id}: ${missing.length} added`);
    }
  }
}
