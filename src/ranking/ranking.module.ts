import { Module } from '@nestjs/common';
import { OrderModule } from '../order/index.js';
import { ProductModule } from '../product/index.js';
import { BackUpRankingJob } from './backup/back-up-ranking.job.js';
import { BackupRepository } from './backup/backup.repository.js';
import { BackupService } from './backup/backup.service.js';
import { StaleBackups } from './backup/stale-backups.service.js';
import { BusinessCalendar } from './business-calendar.js';
import { CountSalesWhenPaymentCompletedListener } from './count-sales-when-payment-completed.listener.js';
import { RankingLease } from './ranking-lease.js';
import { RankingMetrics } from './ranking-metrics.js';
import { RankingTurns } from './ranking-turns.js';
import { RankingController } from './ranking.controller.js';
import { RankingService } from './ranking.service.js';
import { RankingStore } from './ranking.store.js';
import { LedgerRanking } from './reading/ledger-ranking.js';
import { LiveRanking } from './reading/live-ranking.js';
import { ProductLabels } from './reading/product-labels.js';
import { LateRefunds } from './reconcile/late-refunds.service.js';
import { ReconcileRankingJob } from './reconcile/reconcile-ranking.job.js';
import { ReconcileService } from './reconcile/reconcile.service.js';
import { UncountSalesWhenOrderRefundedListener } from './uncount-sales-when-order-refunded.listener.js';

/** Everything that the module is made of, besides its controller. */
export const RANKING_PROVIDERS = [
  BusinessCalendar,
  RankingStore,
  RankingLease,
  RankingMetrics,
  RankingTurns,
  CountSalesWhenPaymentCompletedListener,
  UncountSalesWhenOrderRefundedListener,
  ReconcileService,
  LateRefunds,
  ReconcileRankingJob,
  BackupRepository,
  BackupService,
  StaleBackups,
  BackUpRankingJob,
  RankingService,
  LiveRanking,
  LedgerRanking,
  ProductLabels,
];

@Module({
  imports: [OrderModule, ProductModule],
  controllers: [RankingController],
  providers: RANKING_PROVIDERS,
  exports: [RankingService],
})
export class RankingModule {}
