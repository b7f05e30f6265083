import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { databaseErrorMessage, databaseProblem } from '../../platform/database/database-errors.js';
import { LoneConnection } from '../../platform/database/lone-connection.js';
import { StatementTimeoutError } from '../../platform/database/pool/pool-errors.js';
import { DependencyState } from '../../platform/dependencies/dependency-state.js';
import type { ProblemReason } from '../../platform/dependencies/problem-reason.js';
import { withinTimeLimit } from '../../platform/time-limit.js';

/** A database that takes longer is of no use to a request either. */
const TIMEOUT_MS = 1_000;

/** A read-only server would begin and end a transaction without a word. Each row has an id of its own: no lock is shared. */
const WRITE_AND_UNDO = ['START TRANSACTION', 'INSERT INTO database_probes () VALUES ()', 'ROLLBACK'];

/**
 * Sees whether the database takes a write, over a connection of its own: a pool whose connections are all in use says
 * nothing about the server. The log is told when it no longer does, and when it does again.
 */
@Injectable()
export class DatabaseProbeRepository implements OnApplicationShutdown {
  private readonly connection: LoneConnection;
  private readonly writes = new SingleFlight<'write', void>();
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
   * second; a server that is frozen is asked no second time before it has answered or its connection is given up.
   */
  async probe(): Promise<ProblemReason | undefined> {
    try {
      const written = this.writes.run('write', () => this.connection.run(WRITE_AND_UNDO));
      await withinTimeLimit(written, TIMEOUT_MS, () => new StatementTimeoutError(TIMEOUT_MS));
      this.state.recover('ready');
    } catch (error) {
      this.state.fail(databaseProblem(error), databaseErrorMessage(error));
    }
    return this.state.problem;
  }
}
