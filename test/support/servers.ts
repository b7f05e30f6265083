import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { startMysql } from '../../scripts/services/mysql-server.mjs';
import { startRedis } from '../../scripts/services/redis-server.mjs';
import type { RunningServer } from '../../scripts/services/server-process.mjs';
import { MIGRATIONS } from '../../src/migrations.js';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { migrateDatabase } from '../../src/platform/database/migrate-database.js';
import { atEndOfFile } from './cleanup.js';

const DATABASE = 'firstcome_private_test';

/**
 * A server of a test file's own, to be killed, frozen and brought back at will: those of the test run belong to all
 * files. Real processes on real files; ended and removed at the end of the test file.
 */
export class PrivateServer {
  private copies = 0;

  private constructor(
    private readonly home: string,
    private running: RunningServer,
    private readonly startAgain: (port: number) => Promise<RunningServer>,
  ) {}

  static async start(
    name: string,
    start: (at: { dir: string; port?: number }) => Promise<RunningServer>,
  ): Promise<PrivateServer> {
    // Below the run's directory `npm test` finds and ends what a killed test file leaves behind.
    const home = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), `firstcome-test-${name}-`));
    const dir = join(home, 'server');
    atEndOfFile(async () => rmSync(home, { recursive: true, force: true }));
    const server = new PrivateServer(home, await start({ dir }), (port) => start({ dir, port }));
    atEndOfFile(() => server.end());
    return server;
  }

  get url(): string {
    return this.running.url;
  }

  get pid(): number {
    return this.running.pid;
  }

  /** Kills the process (SIGKILL unless told otherwise); after SIGKILL it has ended when this resolves. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.running.kill(signal);
  }

  /** Ends the process in order, so that it writes everything to disk. */
  async stop(): Promise<void> {
    await this.running.stop();
  }

  /** SIGSTOP: the port stays open, and nothing is answered. */
  async freeze(): Promise<void> {
    await this.running.kill('SIGSTOP');
  }

  /** SIGCONT: what was sent meanwhile is carried out now. */
  async thaw(): Promise<void> {
    await this.running.kill('SIGCONT');
  }

  /** Starts the stopped or killed server on the same port with the files it left; resolves when it answers. */
  async restart(): Promise<void> {
    this.running = await this.startAgain(this.running.port);
  }

  /** Copies the files as they are now (of Redis: the append-only file) and returns a name for {@link restoreFiles}. */
  copyFiles(): string {
    this.copies += 1;
    const copy = join(this.home, `copy-${this.copies}`);
    cpSync(join(this.running.dir, 'data'), copy, { recursive: true });
    return copy;
  }

  /** Puts a stopped server's files back to a copy, or empties its directory when none is given. */
  restoreFiles(copy?: string): void {
    const files = join(this.running.dir, 'data');
    rmSync(files, { recursive: true, force: true });
    if (copy !== undefined) cpSync(copy, files, { recursive: true });
  }

  private async end(): Promise<void> {
    await this.running.kill('SIGKILL');
  }
}

/** A Redis with an append-only file, which comes back with what it held after {@link PrivateServer.kill}. */
export async function startPrivateRedis({ extraArgs = [] }: { extraArgs?: string[] } = {}): Promise<PrivateServer> {
  return PrivateServer.start('redis', (at) => startRedis({ ...at, extraArgs }));
}

/**
 * A migrated MariaDB or MySQL (FIRSTCOME_MYSQL_FLAVOUR=mysql8: MySQL 8). The kernel has every commit when it is
 * answered, so that killing the server loses nothing; only the machine's own end could, before the next second's flush.
 */
export async function startPrivateMysql({ extraArgs = [] }: { extraArgs?: string[] } = {}): Promise<PrivateServer> {
  const run = process.env['FIRSTCOME_TEST_DIR'];
  const template = run === undefined ? {} : { template: join(run, 'template', 'mysql') };
  const options = { ...template, database: DATABASE, extraArgs: ['--innodb-flush-log-at-trx-commit=2', ...extraArgs] };
  const server = await PrivateServer.start('mysql', (at) => startMysql({ ...at, ...options }));
  const settings = {
    url: server.url,
    poolSize: 4,
    connectTimeoutMs: 3000,
    tls: { mode: 'off' as const },
    galera: 'auto' as const,
  };
  const dataSource = await new DataSource(dataSourceOptions(settings, MIGRATIONS)).initialize();
  try {
    await migrateDatabase(dataSource);
  } finally {
    await dataSource.destroy();
  }
  return server;
}
