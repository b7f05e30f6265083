import { Injectable } from '@nestjs/common';
import { Clock } from '../../platform/clock.js';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';

/** Nothing scrapes more often, and writing it takes some ms of everybody's time. */
const INTERVAL_MS = 1_000;

/** The text of `/metrics`, written at most once a second; its first line says when. */
@Injectable()
export class MetricsText {
  private readonly writing = new SingleFlight<'text', string>();
  private text = '';
  private writtenAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
  ) {}

  async read(): Promise<string> {
    if (performance.now() - this.writtenAt < INTERVAL_MS) return this.text;
    return await this.writing.run('text', () => this.write());
  }

  private async write(): Promise<string> {
    const writtenAt = performance.now();
    this.text = `# Written at ${this.clock.now().toISOString()}, at most once a second\n${await this.registry.metrics()}`;
    this.writtenAt = writtenAt;
    return this.text;
  }
}
