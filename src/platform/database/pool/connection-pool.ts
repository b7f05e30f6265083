import type { Pool, PoolConnection } from 'mysql2';
import { type PlaceGroup, SharedPlaces } from '../../concurrency/shared-places.js';
import type { Config } from '../../config/config.schema.js';
import { afterTimeLimit } from '../../time-limit.js';
import { fromDriver } from '../database-errors.js';
import { type CallStack, rememberCallers } from './call-stack.js';
import { NodeSync } from '../galera/node-sync.js';
import { LoneConnection } from '../lone-connection.js';
import { type ConnectionClass, type ConnectionShare, SHARED } from './connection-class.js';
import { connectionShares } from './connection-shares.js';
import { KeepAlive } from './keep-alive.js';
import { LeakWatch } from './leak-watch.js';
import { Lease } from './lease.js';
import { AcquireTimeoutError, PoolClosedError } from './pool-errors.js';
import type { PoolMetrics, PoolState } from './pool-metrics.js';

/** So that one ping may be lost or late. */
const PINGS_PER_IDLE_TIMEOUT = 3;

type Callback = (error: Error | null, lease?: Lease) => void;

/** The callers of a class, and how long one of them waits in line. */
interface Callers {
  readonly name: string;
  readonly group: PlaceGroup<Request>;
  readonly waitMs: number;
}

/** A caller who wants a connection. */
interface Request {
  readonly callers: Callers;
  readonly callback: Callback;
  readonly takenBy: CallStack;
  readonly askedAt: number;
  /** Call it when the connection is there. */
  cancelTimeout: () => void;
  hasGivenUp: boolean;
}

/**
 * mysql2's pool, in which one can wait for ever and see nothing, behind a queue with a time limit: it is asked for a
 * connection only when it has one or may open one. Each class of callers has a share of it, and waits in a line of its
 * own. TypeORM sees the part of mysql2's Pool that it uses.
 */
export class ConnectionPool {
  private readonly leaks: LeakWatch;
  private readonly places: SharedPlaces<Request>;
  private readonly classes = new Map<ConnectionClass, Callers>();
  /** For whom connections are asked at this moment. */
  private asking: ConnectionClass = SHARED;
  private readonly unused = new Set<PoolConnection>();
  private readonly keepAlive: KeepAlive;
  private readonly sync: NodeSync;
  private peakActive = 0;

  /** @param shares of every class that there is, {@link SHARED} too */
  constructor(
    private readonly pool: Pool,
    private readonly config: Config['database'],
    private readonly metrics: PoolMetrics,
    shares: ReadonlyMap<ConnectionClass, ConnectionShare>,
  ) {
    this.places = new SharedPlaces(config.poolSize, (request) => this.serve(request));
    this.addClasses(shares);
    this.leaks = new LeakWatch(config.leakWarningMs);
    this.sync = new NodeSync(new LoneConnection(config));
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
      classes: [...this.classes.values()].map(({ name, group }) => ({
        name,
        active: group.inside,
        waiting: group.line.size,
      })),
    };
  }

  /**
   * Runs `ask`: what it asks of {@link getConnection} before it returns is asked for this class. TypeORM's query runner
   * asks as soon as it is told to connect.
   */
  askAs<T>(connections: ConnectionClass, ask: () => T): T {
    this.asking = connections;
    try {
      return ask();
    } finally {
      this.asking = SHARED;
    }
  }

  /**
   * Calls back with a connection, or with an {@link AcquireTimeoutError} after `database.acquireTimeoutMs`, or what the
   * class says. Within a class it is first come, first served. A connection that arrives too late goes to the next one.
   */
  getConnection(callback: Callback): void {
    const takenBy = rememberCallers();
    const callers = this.callersOf(this.asking);
    const request: Request = {
      callers,
      callback,
      takenBy,
      askedAt: performance.now(),
      cancelTimeout: () => {},
      hasGivenUp: false,
    };
    request.cancelTimeout = afterTimeLimit(callers.waitMs, () => this.giveUp(request));
    this.places.enter(callers.group, request);
  }

  /** Closes every connection, in order: those that are in use after the answer to their last statement. */
  end(callback: (error?: Error | null) => void): void {
    this.keepAlive.stop();
    this.sync.close();
    for (const request of this.places.dismiss()) {
      request.cancelTimeout();
      request.callback(new PoolClosedError());
    }
    this.pool.end(callback);
  }

  private addClasses(shares: ReadonlyMap<ConnectionClass, ConnectionShare>): void {
    for (const [each, share] of connectionShares(this.config.poolSize, shares)) {
      const waitMs = shares.get(each)?.waitMs ?? this.config.acquireTimeoutMs;
      this.classes.set(each, { name: each.name, group: this.places.addGroup(share), waitMs });
    }
  }

  private callersOf(connections: ConnectionClass): Callers {
    const callers = this.classes.get(connections);
    if (callers === undefined) throw new Error(`the pool does not know the class ${connections.name}`);
    return callers;
  }

  private serve(request: Request): void {
    const { group } = request.callers;
    this.peakActive = Math.max(this.peakActive, this.places.inside);
    this.pool.getConnection((error, connection) => {
      if (request.hasGivenUp) {
        // The time limit came before the driver's own for connecting.
        if (error === null) connection.release();
        this.places.leave(group);
        return;
      }
      request.cancelTimeout();
      if (error !== null) {
        this.places.leave(group);
        request.callback(fromDriver(error));
        return;
      }
      this.metrics.acquireSeconds.observe((performance.now() - request.askedAt) / 1000);
      const endWatch = this.leaks.begin(request.takenBy);
      const returned = (): void => {
        endWatch();
        this.places.leave(group);
      };
      request.callback(null, new Lease(connection, this.config.statementTimeoutMs, this.sync, returned));
    });
  }

  private giveUp(request: Request): void {
    request.hasGivenUp = true;
    this.places.giveUp(request.callers.group, request);
    this.metrics.acquireTimeouts.inc();
    request.callback(new AcquireTimeoutError(request.callers.waitMs));
  }
}
