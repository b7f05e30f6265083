import type { Pool, PoolConnection } from 'mysql2';
import type { Config } from '../../config/config.schema.js';
import { afterTimeLimit } from '../../time-limit.js';
import { type CallStack, rememberCallers } from './call-stack.js';
import { LeakWatch } from './leak-watch.js';
import { Lease } from './lease.js';
import { AcquireTimeoutError } from './pool-errors.js';
import type { PoolMetrics, PoolState } from './pool-metrics.js';

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
export class ConnectionPool implements PoolState {
  private readonly limit: number;
  private readonly leaks: LeakWatch;
  /** A Set keeps the order and lets go of one that gave up in constant time. */
  private readonly waiters = new Set<Request>();
  private readonly unused = new Set<PoolConnection>();
  private taken = 0;
  private mostTaken = 0;

  constructor(
    private readonly pool: Pool,
    private readonly config: Config['database'],
    private readonly metrics: PoolMetrics,
  ) {
    this.limit = config.poolSize;
    this.leaks = new LeakWatch(config.leakWarningMs);
    metrics.watch(this);
    pool.on('release', (connection) => this.unused.add(connection));
    pool.on('acquire', (connection) => this.unused.delete(connection));
    pool.on('connection', (connection) => {
      for (const event of ['end', 'error']) connection.on(event, () => this.unused.delete(connection));
    });
  }

  get active(): number {
    return this.taken;
  }

  get idle(): number {
    return this.unused.size;
  }

  get waiting(): number {
    return this.waiters.size;
  }

  get peakActive(): number {
    return this.mostTaken;
  }

  get connectionLimit(): number {
    return this.limit;
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
    if (this.taken < this.limit) this.serve(request);
    else this.waiters.add(request);
  }

  /** Closes every connection, in order: those that are in use after the answer to their last statement. */
  end(callback: (error?: Error | null) => void): void {
    for (const request of this.waiters) {
      request.cancelTimeout();
      request.callback(new Error('Pool is closed.'));
    }
    this.waiters.clear();
    this.pool.end(callback);
  }

  private serve(request: Request): void {
    this.taken += 1;
    this.mostTaken = Math.max(this.mostTaken, this.taken);
    this.pool.getConnection((error, connection) => {
      if (request.hasGivenUp) {
        // The time limit came before the driver's own for connecting.
        if (error === null) connection.release();
        this.vacate();
        return;
      }
      request.cancelTimeout();
      if (error !== null) {
        this.vacate();
        request.callback(error);
        return;
      }
      this.metrics.acquireSeconds.observe((performance.now() - request.askedAt) / 1000);
      const endWatch = this.leaks.begin(request.takenBy);
      const returned = (): void => {
        endWatch();
        this.vacate();
      };
      request.callback(null, new Lease(connection, this.config.statementTimeoutMs, returned));
    });
  }

  private giveUp(request: Request): void {
    request.hasGivenUp = true;
    this.waiters.delete(request);
    this.metrics.acquireTimeouts.inc();
    request.callback(new AcquireTimeoutError(this.config.acquireTimeoutMs));
  }

  /** One connection less is in use: the next in line gets it. */
  private vacate(): void {
    this.taken -= 1;
    for (const next of this.waiters) {
      this.waiters.delete(next);
      this.serve(next);
      return;
    }
  }
}
