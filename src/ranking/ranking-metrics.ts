import { Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Clock } from '../platform/clock.js';
import { MetricsRegistry } from '../platform/metrics/metrics-registry.js';
import { type Source, SOURCES } from './ranking.js';

/** What an operator sees of the ranking. */
@Injectable()
export class RankingMetrics {
  readonly backupFailures: Counter;
  readonly corrections: Counter;
  readonly backupAge: Gauge;
  /** The time of the latest backup known; until there is one, that of the start. */
  lastBackupAt: Date;
  private readonly reads: ReadonlyMap<Source, { inc(): void }>;

  constructor(registry: MetricsRegistry, clock: Clock) {
    const registers = [registry];
    const reads = new Counter({
      name: 'firstcome_ranking_reads_total',
      help: 'Answered ranking calls by the source of the answer.',
      labelNames: ['source'],
      registers,
    });
    this.reads = new Map(SOURCES.map((source) => [source, reads.labels({ source })]));
    this.backupFailures = new Counter({
      name: 'firstcome_ranking_backup_failures_total',
      help: 'Backups of a day that failed.',
      registers,
    });
    this.corrections = new Counter({
      name: 'firstcome_ranking_reconcile_corrections_total',
      help: 'Paid orders that a reconcile found uncounted and counted.',
      registers,
    });
    this.lastBackupAt = clock.now();
    const ageSeconds = (): number => Math.max(0, (clock.now().getTime() - this.lastBackupAt.getTime()) / 1000);
    this.backupAge = new Gauge({
      name: 'firstcome_ranking_backup_age_seconds',
      help: 'Time since the latest backup; since the start while there is none of today or yesterday.',
      registers,
      collect() {
        this.set(ageSeconds());
      },
    });
  }

  countRead(source: Source): void {
    this.reads.get(source)?.inc();
  }
}
