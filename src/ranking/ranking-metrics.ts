import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { Clock } from '../platform/clock.js';
import { MetricsRegistry } from '../platform/metrics/metrics-registry.js';
import { type Source, SOURCES } from './ranking.js';

/** What an operator sees of the ranking. */
@Injectable()
export class RankingMetrics {
  readonly backupFailures: Counter;
  readonly corrections: Counter;
  /** The time of the latest backup known; until there is one, that of the start. */
  lastBackupAt: Date;
  /** When the latest reconcile of today known began; until there is one, the time of the start. */
  lastReconcileAt: Date;
  private readonly reads: ReadonlyMap<Source, { inc(): void }>;

  constructor(registry: MetricsRegistry, clock: Clock) {
    const reads = registry.counter(
      'firstcome_ranking_reads_total',
      'Answered ranking calls by the source of the answer.',
      'source',
    );
    this.reads = new Map(SOURCES.map((source) => [source, reads.labels({ source })]));
    this.backupFailures = registry.counter('firstcome_ranking_backup_failures_total', 'Backups of a day that failed.');
    this.corrections = registry.counter(
      'firstcome_ranking_reconcile_corrections_total',
      'Payments and refunds that a reconcile found uncounted and counted.',
    );
    this.lastBackupAt = clock.now();
    this.lastReconcileAt = clock.now();
    const secondsSince = (time: Date) => Math.max(0, (clock.now().getTime() - time.getTime()) / 1000);
    registry.gaugeFunc(
      'firstcome_ranking_backup_age_seconds',
      'Time since the latest backup; since the start while there is none of today or yesterday.',
      () => secondsSince(this.lastBackupAt),
    );
    registry.gaugeFunc(
      'firstcome_ranking_reconcile_age_seconds',
      'Time since the latest reconcile of today that this instance knows of began; since the start while there is none.',
      () => secondsSince(this.lastReconcileAt),
    );
  }

  countRead(source: Source): void {
    this.reads.get(source)?.inc();
  }
}
