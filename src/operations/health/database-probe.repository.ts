import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { databaseErrorMessage, databaseProblem, isLockConflict } from '../../platform/database/database-errors.js';
import { SYNC_LIMIT_MS } from '../../platform/database/galera/node-sync.js';
import { LoneConnection } from '../../platform/database/lone-connection.js';
import { NotSyncedError, StatementTimeoutError } from '../../platform/database/pool/pool-errors.js';
import { DependencyState } from '../../platform/dependencies/dependency-state.js';
import type { ProblemReason } from '../../platform/dependencies/problem-reason.js';
import { withinTimeLimit } from '../../platform/time-limit.js';

/** A database that takes longer is of no use to a request either. */
const TIMEOUT_MS = 1_000;

/** A node of a Galera cluster that lags behind answers this one, and lets the next one wait. */
const ARE_YOU_THERE = ['DO 0'];
const BEGIN = ['START TRANSACTION'];
/** A read-only server would begin and end a transaction without a word. Each row has an id of its own: no lock is shared. */
const WRITE_AND_UNDO = ['INSERT INTO database_probes () VALUES ()', 'ROLLBACK'];

const TOO_EARLY_TO_SAY = new Error('the node may still catch up in time');

/**
 * Sees whether the database takes a write, over a connection of its own: a pool whose connections are all in use says
 * nothing about the server. The log is told when it no longer does, and when it does again.
 */
@Injectable()
export class DatabaseProbeRepository implements OnApplicationShutdown {
  private readonly connection: LoneConnection;
  private readonly writes = new SingleFlight<'write', void>();
  /** When the node was asked whether it has what others have committed; undefined once it has answered. */
  private waitsSince: number | undefined;
  private readonly state = new DependencyState(
    new Logger('MySQL'),
    'reservations go on and stay pending until it is back',
  );

  constructor(@Inject(CONFIG) config: Config) {
    this.connection = new LoneConnection(config.database);
  }

  onApplicationShutdown(): void {
    this.state.end();
    this.connection.close();
  }

  /**
   * Why the database does not do what we need of it, or undefined when it does. Never throws, and takes no longer than a
   * second; a server that is frozen is asked no second time before it has answered or its connection is given up. A node
   * of a Galera cluster that others wait for may take two before anything is wrong: till then all is as it was.
   */
  async probe(): Promise<ProblemReason | undefined> {
    try {
      const written = this.writes.run('write', () => this.write());
      await withinTimeLimit(written, TIMEOUT_MS, () => this.late());
      this.state.recover('ready');
    } catch (error) {
      if (error !== TOO_EARLY_TO_SAY) this.state.fail(databaseProblem(error), databaseErrorMessage(error));
    }
    return this.state.problem;
  }

  private async write(): Promise<void> {
    await this.connection.run(ARE_YOU_THERE);
    this.waitsSince = performance.now();
    try {
      await this.connection.run(BEGIN);
    } catch (error) {
      // The node has said nothing for long, or given up itself, in the words of a lock that is not to be had.
      const isBehind = error instanceof StatementTimeoutError || isLockConflict(error);
      throw isBehind ? new NotSyncedError({ cause: error }) : error;
    } finally {
      this.waitsSince = undefined;
    }
    await this.connection.run(WRITE_AND_UNDO);
  }

  private late(): Error {
    if (this.waitsSince === undefined) return new StatementTimeoutError(TIMEOUT_MS);
    return performance.now() - this.waitsSince < SYNC_LIMIT_MS ? TOO_EARLY_TO_SAY : new NotSyncedError();
  }
}
