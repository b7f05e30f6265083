import type { Redis } from 'ioredis';
import type { TestDatabase } from './database.js';
import { loadScript } from '../../src/platform/redis/redis-scripts.js';
import { scriptKeys, reservationKeys as keys } from '../../src/coupon/reservation/reservation-keys.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import { openRedis } from './redis.js';

const LOCK_TTL_MS = 10_000;

/** What an instance of the version before does to Redis and MySQL: its own scripts, and its statements. */
export class InstanceBefore {
  private constructor(
    private readonly redis: Redis,
    private readonly database: TestDatabase,
    private readonly runId: string,
  ) {}

  static async open(redisUrl: string, database: TestDatabase): Promise<InstanceBefore> {
    const redis = openRedis(redisUrl);
    const runId = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? '';
    return new InstanceBefore(redis, database, runId);
  }

  /** The number, or the script's refusal (below 0). */
  async reserve(couponId: number, userId: number): Promise<number> {
    const [answer] = (await this.run('reserve-coupon', scriptKeys(couponId), this.runId, '0', userId)) as [number];
    return answer;
  }

  async confirm(couponId: number, { userId, sequenceNumber }: Reservation): Promise<number> {
    return (await this.run(
      'confirm-reservations',
      scriptKeys(couponId),
      this.runId,
      1,
      userId,
      sequenceNumber,
    )) as number;
  }

  async release(couponId: number, { userId, sequenceNumber }: Reservation): Promise<number> {
    return (await this.run(
      'release-reservations',
      scriptKeys(couponId),
      this.runId,
      1,
      userId,
      sequenceNumber,
    )) as number;
  }

  async isLoaded(couponId: number): Promise<boolean> {
    const [loaded] = (await this.run('inspect-coupon', scriptKeys(couponId), this.runId)) as [number];
    return loaded === 1;
  }

  /** Its rebuild; false while another one holds the lock. */
  async rebuild(couponId: number): Promise<boolean> {
    const token = `before-${couponId}`;
    const [state, reserved, users, sequence, pending] = scriptKeys(couponId);
    const [lock, collected] = [keys.rebuildLock(couponId), keys.rebuildUsers(couponId)];
    const begun = (await this.run(
      'begin-rebuild',
      [state, reserved, users, sequence, lock, collected],
      token,
      LOCK_TTL_MS,
      this.runId,
      '0',
    )) as number;
    if (begun === -1) return false;
    await this.database.change('UPDATE coupons SET epoch = epoch + 1 WHERE id = ?', [couponId]);
    const rows = await this.database.userCoupons(couponId);
    const userIds = rows.map(({ userId }) => userId);
    if (userIds.length > 0) await this.run('add-rebuilt-users', [lock, collected], token, LOCK_TTL_MS, ...userIds);
    const coupon = await this.database.row<{ total: number; epoch: number; startsAt: Date; expiresAt: Date }>(
      `SELECT total_quantity AS total, epoch, starts_at AS startsAt, expires_at AS expiresAt
         FROM coupons WHERE id = ?`,
      [couponId],
    );
    const fields = {
      name: 'Of an instance',
      total: coupon.total,
      startsAt: coupon.startsAt.getTime(),
      expiresAt: coupon.expiresAt.getTime(),
      active: 1,
      audience: 'anyone',
      strategy: 'reservation',
      codeFormat: 'none',
      version: 1,
      epoch: coupon.epoch,
      runId: this.runId,
    };
    const swapKeys = [state, reserved, users, sequence, pending, lock, collected];
    const swapped = await this.run('swap-rebuilt', swapKeys, token, '', ...Object.entries(fields).flat());
    await this.run('end-rebuild', [lock, collected], token);
    return swapped === 1;
  }

  /** Its deciding transaction, for one reservation that there is room for. */
  async issue(couponId: number, { userId, sequenceNumber }: Reservation): Promise<void> {
    await this.database.change(
      `UPDATE coupons
          SET issued_quantity = issued_quantity + 1, failed_quantity = failed_quantity + 0, version = version + 0
        WHERE id = ? AND issued_quantity + 1 <= total_quantity AND failed_quantity = 0`,
      [couponId],
    );
    await this.database.change(
      'INSERT INTO user_coupons (coupon_id, user_id, sequence_number, code, issued_at) VALUES (?, ?, ?, NULL, NOW(3))',
      [couponId, userId, sequenceNumber],
    );
  }

  private async run(script: string, keysOf: readonly string[], ...args: Array<string | number>): Promise<unknown> {
    const lua = loadScript(import.meta.url, `../fixtures/version-before/${script}.lua`);
    return await this.redis.eval(lua, keysOf.length, ...keysOf, ...args);
  }
}
