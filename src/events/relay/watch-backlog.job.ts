import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import type { EventsConfig } from '../events.config.js';
import { type Backlog, BacklogRepository } from './backlog.repository.js';
import { RelayLease } from './relay-lease.service.js';
import { RelayTrouble } from './relay-trouble.js';
import { SinkDirectory } from './sink-directory.js';

const INTERVAL_MS = 5_000;
/** So many sinks have series of their own: the oldest ones, which are there longest. */
const MAX_SINKS = 100;

/** What an operator sees of that which still has to be told. Its numbers are those of the last look. */
@Injectable()
export class WatchBacklogJob implements OnApplicationBootstrap {
  private undispatched = 0;
  private disabled = 0;
  private backlogs: ReadonlyArray<readonly [sink: string, backlog: Backlog]> = [];

  constructor(
    registry: MetricsRegistry,
    private readonly repository: BacklogRepository,
    private readonly sinks: SinkDirectory,
    private readonly lease: RelayLease,
    private readonly trouble: RelayTrouble,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: EventsConfig,
  ) {
    registry.gaugeFunc('firstcome_relay_leading', '1 on the instance that tells other systems, 0 on the others.', () =>
      Number(lease.term !== undefined),
    );
    registry.gaugeFunc(
      'firstcome_outbox_undispatched_events',
      'Events that no sink has been given yet; 10,000 at most are counted.',
      () => this.undispatched,
    );
    registry.gaugeFunc('firstcome_sinks_disabled', 'Webhooks that are disabled.', () => this.disabled);
    registry.gaugeFuncBy(
      'firstcome_sink_pending_events',
      'Events that a sink which is not disabled has not got yet, 10,000 at most; on the instance that tells.',
      'sink',
      () => this.backlogs.map(([sink, { events }]) => [sink, events] as const),
    );
    registry.gaugeFuncBy(
      'firstcome_sink_oldest_pending_seconds',
      'How long the oldest event has been waiting that a sink has not got yet; on the instance that tells.',
      'sink',
      () => this.backlogs.map(([sink, { oldestSeconds }]) => [sink, oldestSeconds] as const),
    );
  }

  onApplicationBootstrap(): void {
    if (!this.config.metrics.enabled) return;
    this.intervals.every('watch-backlog', INTERVAL_MS, () => this.run(), { atOnce: true });
  }

  private async run(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      this.trouble.report(error);
    }
  }

  private async look(): Promise<void> {
    this.undispatched = await this.repository.countUndispatched();
    const sinks = await this.sinks.all();
    this.disabled = sinks.filter(({ isActive }) => !isActive).length;
    const backlogs: Array<readonly [string, Backlog]> = [];
    for (const { key, isActive } of sinks.slice(0, MAX_SINKS)) {
      if (this.lease.term !== undefined && isActive) backlogs.push([key, await this.repository.of(key)]);
    }
    this.backlogs = backlogs;
  }
}
