import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { stackOf } from '../../platform/errors/error-text.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { Intervals } from '../../platform/scheduling/intervals.js';
import type { CouponConfig } from '../coupon.config.js';
import { HistoryRecorder } from './history-recorder.service.js';
import { SharedRefusals } from './shared-refusals.service.js';

const INTERVAL_MS = 1_000;

/** Once a second each instance tells what it has refused, and one of them writes down how the coupons under way stand. */
@Injectable()
export class RecordHistoryJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('History');
  private hasFailed = false;
  private isEnding = false;

  constructor(
    private readonly refusals: SharedRefusals,
    private readonly recorder: HistoryRecorder,
    private readonly intervals: Intervals,
    @Inject(CONFIG) private readonly config: CouponConfig,
  ) {}

  onApplicationBootstrap(): void {
    if (!this.config.coupon.history.enabled) return;
    this.intervals.every('record-history', INTERVAL_MS, () => this.run(), { atOnce: true });
  }

  /** Leaves nothing untold, and the rest to another instance. */
  async beforeApplicationShutdown(): Promise<void> {
    if (!this.config.coupon.history.enabled) return;
    this.isEnding = true;
    await this.tryTo(() => this.refusals.tell());
    await this.recorder.stop();
  }

  private async run(): Promise<void> {
    await this.tryTo(async () => {
      await this.refusals.tell();
      if (!this.isEnding) await this.recorder.record();
    });
  }

  /** That Redis is away its connection has said; anything else is said once, not every second. */
  private async tryTo(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.hasFailed = false;
    } catch (error) {
      if (error instanceof RedisUnavailableError) return;
      if (!this.hasFailed) this.logger.error('the history of coupons cannot be written', stackOf(error));
      this.hasFailed = true;
    }
  }
}
