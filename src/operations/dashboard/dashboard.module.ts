import { Module } from '@nestjs/common';
import { CouponModule } from '../../coupon/index.js';
import { RankingModule } from '../../ranking/index.js';
import { HealthModule } from '../health/health.module.js';
import { DashboardController } from './dashboard.controller.js';
import { PageFiles } from './page-files.js';
import { SnapshotStream } from './snapshot-stream.service.js';
import { SnapshotService } from './snapshot.service.js';

/** The live page of a drop. */
@Module({
  imports: [CouponModule, RankingModule, HealthModule],
  controllers: [DashboardController],
  providers: [PageFiles, SnapshotStream, SnapshotService],
})
export class DashboardModule {}
