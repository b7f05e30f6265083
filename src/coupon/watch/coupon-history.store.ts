import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import type { CouponConfig } from '../coupon.config.js';
import { historyKeys as keys } from '../reservation/reservation-keys.js';
import type { OwnRefusals } from '../reservation/refusal-tally.js';
import { decodePoint, encodePoint, type HistoryPoint } from './history-point.js';
import type { NewPoints } from './point-series.js';

/** Besides these no more points are kept of a coupon: 3,600 seconds, and 100,000 minutes, which are 69 days. */
const MAX_POINTS = { seconds: 3_600, minutes: 100_000 };
/** Points read at once: Redis has others to serve. */
const PAGE = 5_000;
/** How long the points of a leader that died are missing. */
const LEASE_MS = 5_000;
const DAY_SECONDS = 86_400;
const SEPARATOR = ':';

/** Field → count of the hash of refusals: whoever counted, the separator, and the reason. */
export type SharedCounts = ReadonlyMap<string, number>;

/** The name of the field under which this process writes how often it refused for this reason. */
export function fieldOf(countedBy: string, code: string): string {
  return `${countedBy}${SEPARATOR}${code}`;
}

/** Who counted, and for which reason. */
export function partsOf(field: string): { countedBy: string; code: string } {
  const end = field.lastIndexOf(SEPARATOR);
  return { countedBy: field.slice(0, end), code: field.slice(end + 1) };
}

/**
 * What is written down of coupons for those who watch them, all of it for `coupon.retentionDays` after the last time it
 * was added to. Plain commands: nothing is decided by it. Every method throws RedisUnavailableError when Redis can't be
 * asked.
 */
@Injectable()
export class CouponHistoryStore {
  private readonly keptSeconds: number;

  constructor(
    private readonly redis: RedisConnection,
    @Inject(CONFIG) config: CouponConfig,
  ) {
    this.keptSeconds = config.coupon.retentionDays * DAY_SECONDS;
  }

  /** Writes what one process has refused. Written twice, or late, it changes nothing: these are sums. */
  async saveRefusals(couponId: number, { countedBy, counts }: OwnRefusals): Promise<void> {
    const key = keys.refusals(couponId);
    const fields = Object.entries(counts).flatMap(([code, count]) => [fieldOf(countedBy, code), count]);
    await this.redis.ask(key, (client) =>
      Promise.all([client.hset(key, ...fields), client.expire(key, this.keptSeconds)]),
    );
  }

  /** What all processes that ever counted have written. */
  async refusalsOf(couponId: number): Promise<SharedCounts> {
    const key = keys.refusals(couponId);
    const counts = await this.redis.ask(key, (client) => client.hgetall(key));
    return new Map(Object.entries(counts).map(([field, count]) => [field, Number(count)]));
  }

  /** Adds points, and forgets the oldest of too many. */
  async append(couponId: number, points: NewPoints): Promise<void> {
    await Promise.all([
      this.appendTo(keys.seconds(couponId), points.seconds, MAX_POINTS.seconds),
      this.appendTo(keys.minutes(couponId), points.minutes, MAX_POINTS.minutes),
    ]);
  }

  /** All points, those of the seconds and those of the minutes, each in the order in which they were added. */
  async read(couponId: number): Promise<NewPoints> {
    const [seconds, minutes] = await Promise.all([
      this.readAll(keys.seconds(couponId)),
      this.readAll(keys.minutes(couponId)),
    ]);
    return { seconds, minutes };
  }

  /** The last point of a coupon; undefined where none was written down yet. */
  async lastOf(couponId: number): Promise<HistoryPoint | undefined> {
    const key = keys.seconds(couponId);
    const [last] = await this.redis.ask(key, (client) => client.lrange(key, -1, -1));
    return last === undefined ? undefined : decodePoint(last);
  }

  /**
   * True while the bearer of the token is the one who writes points, which has to be asked for more often than every
   * five seconds. It only saves work: for a moment there may be two.
   */
  async lead(token: string): Promise<boolean> {
    const key = keys.leader;
    return await this.redis.ask(key, async (client) => {
      const leader = await client.get(key);
      if (leader === token) return (await client.pexpire(key, LEASE_MS)) === 1;
      return leader === null && (await client.set(key, token, 'PX', LEASE_MS, 'NX')) === 'OK';
    });
  }

  /** Lets another one lead at once. */
  async stopLeading(token: string): Promise<void> {
    const key = keys.leader;
    await this.redis.ask(key, async (client) => {
      if ((await client.get(key)) === token) await client.del(key);
    });
  }

  private async appendTo(key: string, points: readonly HistoryPoint[], max: number): Promise<void> {
    if (points.length === 0) return;
    await this.redis.ask(key, (client) =>
      Promise.all([
        client.rpush(key, ...points.map(encodePoint)),
        client.ltrim(key, -max, -1),
        client.expire(key, this.keptSeconds),
      ]),
    );
  }

  private async readAll(key: string): Promise<HistoryPoint[]> {
    const points: HistoryPoint[] = [];
    for (;;) {
      const first = points.length;
      const page = await this.redis.ask(key, (client) => client.lrange(key, first, first + PAGE - 1));
      points.push(...page.map(decodePoint));
      if (page.length < PAGE) return points;
    }
  }
}
