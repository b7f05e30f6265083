import { Injectable, Logger } from '@nestjs/common';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { LogLimit } from '../../platform/logging/log-limit.js';
import { LeaseLostError } from './relay-lease.service.js';

const LIMIT = { lines: 5, intervalMs: 60_000 };

/** What goes wrong with the relay itself. All of it is tried again, many times a second: so few lines are written. */
@Injectable()
export class RelayTrouble {
  private readonly logger = new Logger('Relay');
  private readonly limit = new LogLimit(LIMIT, (count) => this.logger.error(`${count} more failures like that`));

  report(error: unknown, consequence = 'events wait'): void {
    // An outage is told where it begins, and the end of a term by the lease.
    if (error instanceof LeaseLostError || isDatabaseUnavailable(error)) return;
    this.limit.write(() => this.logger.error(consequence, stackOf(error)));
  }
}
