import { Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';

/**
 * Where every module registers its metrics, and what /metrics shows. One for each application, so that tests may run
 * several.
 */
@Injectable()
export class MetricsRegistry extends Registry {}
