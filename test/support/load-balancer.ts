import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { freePort } from '../../scripts/services/free-port.mjs';
import { balancedServers, haproxy, HAPROXY_CONFIG, startHaproxy } from '../../scripts/services/haproxy.mjs';
import { atEndOfFile } from './cleanup.js';
import { DnsServer } from './dns-server.js';
import { eventually } from './poll.js';

/** How many instances the balancer takes for what. */
interface Counts {
  readonly well?: number;
  readonly ready?: number;
  readonly live?: number;
}

/** A real HAProxy with the repository's own configuration. */
export class LoadBalancer {
  /** Of one that runs. */
  constructor(
    private readonly outsidePort: number,
    private readonly insidePort: number,
  ) {}

  /** For everyone. */
  get outside(): string {
    return `http://127.0.0.1:${this.outsidePort}`;
  }

  /** For the operator. */
  get inside(): string {
    return `http://127.0.0.1:${this.insidePort}`;
  }

  /** In front of instances that listen on the same ports of these addresses; ended at the end of the test file. */
  static async inFrontOf(addresses: readonly string[], port: number, managementPort = port): Promise<LoadBalancer> {
    const [binary, dns, outside, inside] = await Promise.all([
      program(),
      DnsServer.start(addresses),
      freePort(),
      freePort(),
    ]);
    const home = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'firstcome-test-haproxy-'));
    atEndOfFile(async () => rmSync(home, { recursive: true, force: true }));
    const balancer = new LoadBalancer(outside, inside);
    const server = await startHaproxy({
      binary,
      dir: join(home, 'server'),
      port: outside,
      inside,
      dns: dns.address,
      app: `app:${port}`,
      management: `app:${managementPort}`,
    });
    atEndOfFile(() => server.kill('SIGKILL'));
    return balancer;
  }

  /** Resolves when the balancer takes so many instances for well, for ready and for live. */
  async knows(counts: Counts): Promise<void> {
    await eventually(async () => expect(await this.counts()).toMatchObject(counts));
  }

  /** What `work` gives, done again until the balancer has taken nobody for less than well meanwhile: it may be busy. */
  async whileNobodyFalls<T>(work: () => Promise<T>): Promise<T> {
    return await eventually(async () => {
      const before = await this.falls();
      const result = await work();
      expect(await this.falls()).toBe(before);
      return result;
    });
  }

  private async counts(): Promise<Required<Counts>> {
    const servers = await balancedServers(this.insidePort);
    const up = (backend: string): number =>
      servers.filter(({ pxname, status }) => pxname === backend && status?.startsWith('UP')).length;
    return { well: up('well'), ready: up('ready'), live: up('live') };
  }

  /** How often an instance that was well was no longer. */
  private async falls(): Promise<number> {
    const servers = await balancedServers(this.insidePort);
    return servers.reduce((sum, { pxname, chkdown }) => (pxname === 'well' ? sum + Number(chkdown) : sum), 0);
  }
}

/** HAProxy's own check of the configuration, as it is in production. @throws Error with what it finds */
export async function checkConfig(): Promise<void> {
  await promisify(execFile)(await program(), ['-c', '-f', HAPROXY_CONFIG]);
}

function program(): Promise<string> {
  return haproxy((line) => process.stderr.write(`${line}\n`));
}
