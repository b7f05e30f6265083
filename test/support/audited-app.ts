import { expect } from '@jest/globals';
import type { Redis } from 'ioredis';
import { ApiClient, type AuditBody, type CouponBody } from './api-client.js';
import { type AppProcess, startApp } from './app-process.js';
import { openDatabase, type TestDatabase } from './database.js';
import { expectConsistent } from './drop.js';
import { inParallel } from './in-parallel.js';
import { loseSlot, plantRow, plantSlot } from './planted-faults.js';
import { openRedis } from './redis.js';
import { holdRowLock } from './row-lock.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from './servers.js';
import { newUserIds } from './unique-ids.js';

interface Held {
  readonly couponId: number;
  /** The users who hold a row, in the order of their numbers. */
  readonly users: [number, number, ...number[]];
}

/** An application over servers of its own, into which a test plants faults behind the application's back. */
export class AuditedApp {
  private constructor(
    readonly api: ApiClient,
    readonly redis: Redis,
    readonly database: TestDatabase,
    readonly redisServer: PrivateServer,
    private readonly databaseUrl: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** With the longest interval nothing is swept after the start, so that faults stay as they were planted. */
  static async open({
    sweepIntervalMs = 600_000,
    env = {},
  }: { sweepIntervalMs?: number; env?: Record<string, string> } = {}) {
    const [mysqlServer, redisServer] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
    const redis = openRedis(redisServer.url, { commandTimeout: 10_000 });
    const urls = { REDIS_URL: redisServer.url, DATABASE_URL: mysqlServer.url };
    const settings = { ...urls, COUPON_SWEEP_INTERVAL_MS: String(sweepIntervalMs), ...env };
    const app = await startApp({ env: settings, waitFor: '/health/ready' });
    await app.hasSwept();
    return new AuditedApp(
      new ApiClient(app.url),
      redis,
      openDatabase(mysqlServer.url),
      redisServer,
      mysqlServer.url,
      settings,
    );
  }

  /** One more process over the same servers. */
  async startAnother(env: Readonly<Record<string, string>> = {}): Promise<AppProcess> {
    return await startApp({ env: { ...this.env, ...env }, waitFor: '/health/ready' });
  }

  /** One more process, which waits for Redis only a second: for a test in which Redis stands still. */
  async startImpatient(): Promise<ApiClient> {
    return new ApiClient((await this.startAnother({ REDIS_COMMAND_TIMEOUT_MS: '1000' })).url);
  }

  /** A coupon with so many issued and confirmed, in whom nothing is wrong. */
  async coupon(issued = 2, overrides: Partial<CouponBody> = {}): Promise<Held> {
    const { couponId } = await this.api.createCoupon({ totalQuantity: 10, ...overrides });
    const users = newUserIds(issued);
    const answers = await inParallel(users, (userId) => this.api.issue(couponId, userId), 1);
    expect(answers.map(({ status }) => status)).toEqual(users.map(() => 200));
    await expectConsistent(this.api, couponId);
    return { couponId, users: users as Held['users'] };
  }

  async audit(couponId: number): Promise<AuditBody> {
    const { status, body } = await this.api.audit(couponId);
    expect(status).toBe(200);
    expect(body.consistent).toBe(body.violations.length === 0);
    return body;
  }

  /** The codes of the violations, in the order of the alphabet. */
  async violations(couponId: number): Promise<string[]> {
    return (await this.audit(couponId)).violations.map(({ code }) => code).sort();
  }

  /** Writes a row and counts it, as the ledger would if nothing kept it from it. */
  async plantRow(couponId: number, userId: number, sequenceNumber: number): Promise<void> {
    await plantRow(this.database, couponId, userId, sequenceNumber);
  }

  /** A slot that Redis counts and holds for the user. */
  async plantSlot(couponId: number, userId: number): Promise<void> {
    await plantSlot(this.redis, couponId, userId);
  }

  /** Takes a slot away, and its count. */
  async loseSlot(couponId: number, userId: number): Promise<void> {
    await loseSlot(this.redis, couponId, userId);
  }

  /** Behind the application's back. */
  async changeRow(couponId: number, assignments: string): Promise<void> {
    await this.database.change(`UPDATE coupons SET ${assignments} WHERE id = ?`, [couponId]);
  }

  /** Takes the coupon's row lock, so that nothing of it is issued until the result is called. */
  async holdRowLock(couponId: number): Promise<() => Promise<void>> {
    return await holdRowLock(this.databaseUrl, 'coupons', couponId);
  }
}
