import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import type { EventsConfig } from '../events.config.js';
import { RelayLease, type Term } from './relay-lease.service.js';
import { RelayTrouble } from './relay-trouble.js';
import { RetentionRepository } from './retention.repository.js';
import { SinkDirectory } from './sink-directory.js';

const INTERVAL_MS = 3_600_000;
/** Far below the time limit of a statement. */
const EVENTS_AT_ONCE = 200;
const SUBJECTS_AT_ONCE = 5_000;

/**
 * Deletes what was written `outbox.retentionDays` ago, hourly, on the instance that tells: never what an active sink is
 * still to get. What a disabled one has not got by then it will never get.
 */
@Injectable()
export class ForgetToldEventsJob implements OnApplicationBootstrap {
  private readonly logger = new Logger('Retention');

  constructor(
    private readonly repository: RetentionRepository,
    private readonly sinks: SinkDirectory,
    private readonly lease: RelayLease,
    private readonly trouble: RelayTrouble,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: EventsConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.intervals.every('forget-told-events', INTERVAL_MS, () => this.run());
  }

  private async run(): Promise<void> {
    const { term } = this.lease;
    if (term === undefined) return;
    try {
      const forgotten = await this.forgetOld(term);
      if (forgotten > 0) this.logger.log(`forgot ${forgotten} events that were told`);
    } catch (error) {
      this.trouble.report(error);
    }
  }

  /** How many events were deleted. @throws LeaseLostError, and what the database throws */
  async forgetOld(term: Term): Promise<number> {
    const inProgress = await this.repository.findSinksInProgress();
    // Read after their keys: one that is not among them is gone, and does not come only now.
    const sinks = await this.sinks.all();
    const gone = inProgress.filter((key) => sinks.every((sink) => sink.key !== key));
    for (const key of gone) await this.forgetProgress(term, key);
    return await this.forgetEvents(
      term,
      sinks.filter(({ isActive }) => isActive).map(({ key }) => key),
    );
  }

  private async forgetEvents(term: Term, active: readonly string[]): Promise<number> {
    let forgotten = 0;
    for (;;) {
      const events = await this.repository.findOld(this.config.outbox.retentionDays, active, EVENTS_AT_ONCE);
      if (events.length > 0) await this.lease.run(term, (manager) => this.repository.delete(manager, events));
      forgotten += events.length;
      if (events.length < EVENTS_AT_ONCE) return forgotten;
    }
  }

  private async forgetProgress(term: Term, sink: string): Promise<void> {
    for (;;) {
      const deleted = await this.lease.run(term, (manager) =>
        this.repository.deleteProgress(manager, sink, SUBJECTS_AT_ONCE),
      );
      if (deleted < SUBJECTS_AT_ONCE) return;
    }
  }
}
