import type { Pool, PoolConnection } from 'mysql2';
import { Semaphore } from '../../concurrency/semaphore.js';
import type { Config } from '../../config/config.schema.js';
import { afterTimeLimit } from '../../time-limit.js';
import { type CallStack, rememberCallers } from './call-stack.js';
import { KeepAlive } from './keep-alive.js';
import { LeakWatch } from './leak-watch.js';
import { Lease } from './lease.js';
import { AcquireTimeoutError } from './pool-errors.js';
import type { PoolMetrics, PoolState } from './pool-metrics.js';

/** So that one ping may be lost or late. */
const PINGS_PER_IDLE_TIMEOUT = 3;

type Callback = (error: Error | null, lease?: Lease) => void;

/** A caller who wants a connection. */
interface Request {
  readonly callback: Callback;
  readonly takenBy: CallStack;
  readonly askedAt: number;
  /** Call it when the connection is there. */
  cancelTimeout: () => void;
  hasGivenUp: boolean;
}

/**
 * mysql2's pool, in which one can wait for ever and see nothing, behind a queue with a time limit: it is asked for a
 * connection only when it has one or may open one. TypeORM sees the part of mysql2's Pool that it uses.
 */
export class ConnectionPool {
  private readonly leaks: LeakWatch;
  private readonly places: Semaphore<Request>;
  private readonly unused = new Set<PoolConnection>();
  private readonly keepAlive: KeepAlive;
  private peakActive = 0;

  constructor(
    private readonly pool: Pool,
    private readonly config: Config['database'],
    private readonly metrics: PoolMetrics,
  ) {
    this.places = new Semaphore(config.poolSize, (request) => this.serve(request));
    this.leaks = new LeakWatch(config.leakWarningMs);
    this.keepAlive = new KeepAlive(this.unused, config.idleTransactionTimeoutMs / PINGS_PER_IDLE_TIMEOUT);
    metrics.watch(() => this.state());
    pool.on('release', (connection) => this.unused.add(connection));
    pool.on('acquire', (connection) => this.unused.delete(connection));
    pool.on('connection', (connection) => {
      for (const event of ['end', 'error']) connection.on(event, () => this.unused.delete(connection));
    });
  }

  /** What it has at this moment. */
  state(): PoolState {
    return {
      active: this.places.inside,
      idle: this.unused.size,
      waiting: this.places.waiting,
      peakActive: this.peakActive,
      connectionLimit: this.places.limit,
    };
  }

  /**
   * Calls back with a connection, or with an {@link AcquireTimeoutError} after `database.acquireTimeoutMs`. First come,
   * first served. A connection that arrives after that goes to the next caller.
   */
  getConnection(callback: Callback): void {
    const takenBy = rememberCallers();
    const request: Request = {
      callback,
      takenBy,
      askedAt: performance.now(),
      cancelTimeout: () => {},
      hasGivenUp: false,
    };
    request.cancelTimeout = afterTimeLimit(this.config.acquireTimeoutMs, () => this.giveUp(request));
    this.places.enter(request);
  }

  /** Closes every connection, in order: those that are in use after the answer to their last statement. */
  end(callback: (error?: Error | null) => void): void {
    this.keepAlive.stop();
    for (const request of this.places.dismiss()) {
      request.cancelTimeout();
      request.callback(new Error('Pool is closed.'));
    }
    this.pool.end(callback);
  }

  private serve(request: Request): void {
    this.peakActive = Math.max(this.peakActive, this.places.inside);
    this.pool.getConnection((error, connection) => {
      if (request.hasGivenUp) {
        // The time limit came before the driver's own for connecting.
        if (error === null) connection.release();
        this.places.leave();
        return;
      }
      request.cancelTimeout();
      if (error !== null) {
        this.places.leave();
        request.callback(error);
        return;
      }
      this.metrics.acquireSeconds.observe((performance.now() - request.askedAt) / 1000);
      const endWatch = this.leaks.begin(request.takenBy);
      const returned = (): void => {
        endWatch();
        this.places.leave();
      };
      request.callback(null, new Lease(connection, this.config.statementTimeoutMs, returned));
    });
  }

  private giveUp(request: Request): void {
    request.hasGivenUp = true;
    this.places.giveUp(request);
    this.metrics.acquireTimeouts.inc();
    request.callback(new AcquireTimeoutError(this.config.acquireTimeoutMs));
  }
}
