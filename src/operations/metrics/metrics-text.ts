import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';

/**
 * The text of `/metrics`; its first line says when it was written. Writing it takes some ms of everybody's time, so it
 * is written once per `metrics.writeIntervalMs` at most, however many ask for it.
 */
@Injectable()
export class MetricsText {
  private readonly writing = new SingleFlight<'text', string>();
  private text = '';
  private writtenAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async read(): Promise<string> {
    if (performance.now() - this.writtenAt < this.config.metrics.writeIntervalMs) return this.text;
    return await this.writing.run('text', () => this.write());
  }

  private async write(): Promise<string> {
    const writtenAt = performance.now();
    this.text = `# Written at ${this.clock.now().toISOString()}\n${await this.registry.metrics()}`;
    this.writtenAt = writtenAt;
    return this.text;
  }
}
