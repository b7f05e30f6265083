import type { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Master } from './server-info.js';
import { unsafeSettings } from './unsafe-settings.js';

const NO_MIN_REPLICAS =
  'runs with min-replicas-to-write=0; a primary that was replaced goes on admitting users whose reservations are lost, unless it is 1';

/** What is well with a server and may become a problem; the log is told of each once, of unsafe settings at each call. */
export class ServerWarnings {
  private readonly told = new Set<string>();

  constructor(private readonly logger: Logger) {}

  ofHiddenIdentity({ runId, replicationId }: Master): void {
    const hidden = [runId === '' && 'run_id', replicationId === '' && 'master_replid'].filter(Boolean);
    if (hidden.length === 0) return;
    this.tellOnce(`INFO names no ${hidden.join(' and no ')}: some losses of what it held cannot be noticed`);
  }

  ofSplit(): void {
    this.tellOnce(NO_MIN_REPLICAS);
  }

  async ofUnsafeSettings(client: Redis): Promise<void> {
    for (const warning of await unsafeSettings(client)) this.logger.warn(warning);
  }

  private tellOnce(warning: string): void {
    if (this.told.has(warning)) return;
    this.told.add(warning);
    this.logger.warn(warning);
  }
}
