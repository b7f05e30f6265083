import type { Redis } from 'ioredis';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { ApiClient } from './api-client.js';
import { type AppProcess, type Environment, startApp } from './app-process.js';
import { openDatabase, type TestDatabase } from './database.js';
import { openRedis } from './redis.js';
import { holdRowLock } from './row-lock.js';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from './servers.js';
import { TcpProxy } from './tcp-proxy.js';

/** What the two sides know of a coupon, read from the servers themselves: there may be no process to ask. */
interface LeftBehind {
  /** The coupon has a state: it is open, if the server is the one it was loaded into. */
  readonly isOpen: boolean;
  readonly reserved: number;
  readonly pending: number;
  readonly rows: number;
  readonly failures: number;
}

/**
 * A Redis, a MySQL and one process of the application over them, all of this test file's own: nobody else sweeps its
 * coupons, and each of the three may be killed at will.
 */
export class Site {
  /** Follows the process: whichever runs now is asked. */
  readonly api = new ApiClient(() => this.app.url);
  private process: AppProcess | undefined;
  private isOrdinary = false;

  private constructor(
    readonly redisServer: PrivateServer,
    readonly mysqlServer: PrivateServer,
    /** Between the application and Redis. */
    readonly redisProxy: TcpProxy,
    /** Past the proxy. */
    readonly redis: Redis,
    readonly database: TestDatabase,
    private readonly ordinary: Environment,
  ) {}

  /** Both servers, and no process yet; `ordinary` is in the environment of every process. */
  static async open(ordinary: Environment = {}, { redisArgs = [] }: { redisArgs?: string[] } = {}): Promise<Site> {
    const [redisServer, mysqlServer] = await Promise.all([
      startPrivateRedis({ extraArgs: redisArgs }),
      startPrivateMysql(),
    ]);
    const redis = openRedis(redisServer.url);
    const proxy = await TcpProxy.inFrontOf(redisServer.url);
    return new Site(redisServer, mysqlServer, proxy, redis, openDatabase(mysqlServer.url), ordinary);
  }

  /** The process that was started last. */
  get app(): AppProcess {
    if (this.process === undefined) throw new Error('no process was started');
    return this.process;
  }

  /** Starts a process in the place of the one before, which is killed if it still runs. */
  async start(env: Environment = {}): Promise<AppProcess> {
    if (this.process?.hasExited === false) await this.process.kill();
    this.isOrdinary = Object.keys(env).length === 0;
    this.process = await startApp({
      env: {
        REDIS_URL: this.redisProxy.url,
        DATABASE_URL: this.mysqlServer.url,
        // Most of these tests end when the sweep has brought in order what they broke.
        COUPON_SWEEP_INTERVAL_MS: '100',
        ...this.ordinary,
        ...env,
      },
      waitFor: '/health/ready',
    });
    return this.process;
  }

  /** Sees to it that a process runs which was started without any particular environment. */
  async isServing(): Promise<void> {
    if (this.process?.hasExited !== false || !this.isOrdinary) await this.start();
  }

  /**
   * Holds the coupon's row lock, so that the ledger decides nothing; call the result to give it back, which commits the
   * `assignments`.
   */
  async holdLedger(couponId: number, assignments?: string): Promise<() => Promise<void>> {
    return await holdRowLock(this.mysqlServer.url, 'coupons', couponId, assignments);
  }

  /** What a dead process has left of a coupon. */
  async leftBehind(couponId: number): Promise<LeftBehind> {
    const [failures] = await this.database.rows<{ count: number }>(
      'SELECT COUNT(*) AS count FROM issuance_failures WHERE coupon_id = ?',
      [couponId],
    );
    return {
      isOpen: (await this.redis.exists(reservationKeys.state(couponId))) === 1,
      reserved: Number(await this.redis.get(reservationKeys.reserved(couponId))),
      pending: await this.redis.zcard(reservationKeys.pending(couponId)),
      rows: (await this.database.userCoupons(couponId)).length,
      failures: failures?.count ?? 0,
    };
  }
}
