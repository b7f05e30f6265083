import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { isDatabaseUnavailable } from '../../platform/database/database-errors.js';
import { RedisUnavailableError } from '../../platform/redis/redis-errors.js';
import { IssuanceMetrics } from './issuance-metrics.js';
import { SweepService } from './sweep.service.js';

const NAME = 'sweep-pending';

/** Sweeps every `coupon.sweep.intervalMs`, on every instance: sweeping twice changes nothing. One sweep at a time. */
@Injectable()
export class SweepPendingJob implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Sweep');
  private running = false;

  constructor(
    private readonly sweep: SweepService,
    private readonly metrics: IssuanceMetrics,
    private readonly scheduler: SchedulerRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    // At once too: the first sweep only looks, the second one issues what it saw.
    void this.run();
    this.scheduler.addInterval(NAME, setInterval(() => void this.run(), this.config.coupon.sweep.intervalMs));
  }

  onModuleDestroy(): void {
    if (this.scheduler.doesExist('interval', NAME)) this.scheduler.deleteInterval(NAME);
  }

  private async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      await this.sweep.sweepAll();
      this.metrics.sweeps.inc({ result: 'done' });
    } catch (error) {
      this.metrics.sweeps.inc({ result: 'failed' });
      // Both outages are reported where they begin; the next sweep tries again.
      if (!(error instanceof RedisUnavailableError) && !isDatabaseUnavailable(error)) {
        this.logger.error('sweep failed', error instanceof Error ? error.stack : String(error));
      }
    } finally {
      this.running = false;
    }
  }
}
