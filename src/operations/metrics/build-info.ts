import { Inject, Injectable } from '@nestjs/common';
import type { LoadTestConfig } from '../../load-test/index.js';
import { CONFIG } from '../../platform/config/config.module.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { VERSION } from '../../platform/version.js';

/** What runs here, as labels of a metric that is always 1. */
@Injectable()
export class BuildInfo {
  constructor(registry: MetricsRegistry, @Inject(CONFIG) { profile, loadTest }: LoadTestConfig) {
    const info = { version: VERSION, node: process.versions.node, profile, seeded: String(loadTest.seedAtStart) };
    const gauge = registry.gauge(
      'firstcome_build_info',
      'Always 1; the labels say which version runs, on which Node.js, under which profile, and whether it seeds test data.',
      Object.keys(info),
    );
    gauge.set(info, 1);
  }
}
