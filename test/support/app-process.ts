import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/services/free-port.mjs';
import type { FaultPoint } from '../../src/platform/fault-points.js';
import { atEndOfFile } from './cleanup.js';
import { Scrape } from './metrics.js';
import { eventually } from './poll.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const DEFAULTS = {
  NODE_ENV: 'test',
  HOST: '127.0.0.1',
  // Jest's own, not the application's.
  NODE_OPTIONS: '',
  // Only the seeder's tests need what it makes, and every process would look whether it is there.
  LOAD_TEST_SEED_AT_START: 'false',
  // A machine that runs the whole suite stalls for longer than a process that serves callers would wait. A caller that
  // is told 503 then may hold a slot all the same: that is right, but a test of something else does not expect it.
  REDIS_COMMAND_TIMEOUT_MS: '5000',
  // And the ranking is read elsewhere when Redis takes longer than this.
  RANKING_READ_TIMEOUT_MS: '2000',
  // A test asks for what is now, and what it asks for may pass within a second.
  METRICS_WRITE_INTERVAL_MS: '0',
};

/** In production operators have a fixed port, which other tests may have taken. */
const ANY_MANAGEMENT_PORT = { MANAGEMENT_PORT: '0' };

/** For tests of who gets what: a 503 or a 202 of a machine that is busy says nothing about the drop. */
export const PATIENT = {
  COUPON_ISSUE_TIMEOUT_MS: '30000',
  COUPON_LOCK_WAIT_MS: '60000',
  DATABASE_ACQUIRE_TIMEOUT_MS: '60000',
  DATABASE_STATEMENT_TIMEOUT_MS: '60000',
  USER_PURCHASES_WAIT_MS: '60000',
} as const;

/** How a process ended: with an exit code, or by a signal. */
interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built application as a process of its own, which a test may kill at any instruction. */
export class AppProcess {
  /** Resolves when the process has ended. */
  readonly exited: Promise<Exit>;
  private output = '';
  private exit: Exit | undefined;

  constructor(
    private readonly child: ChildProcess,
    readonly port: number,
    private readonly host = '127.0.0.1',
  ) {
    this.exited = new Promise((resolve) => {
      const ended = (exit: Exit): void => {
        this.exit = exit;
        resolve(exit);
      };
      child.once('error', (error) => {
        this.output += String(error);
        ended({ code: -1, signal: null });
      });
      child.once('close', (code, signal) => ended({ code, signal }));
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.exit !== undefined;
  }

  /** Everything it has printed so far. */
  get logs(): string {
    return this.output;
  }

  /** Sends a signal (SIGKILL unless told otherwise) and resolves when the process has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.child.kill(signal);
    return this.exited;
  }

  /** SIGSTOP: the process stands still with its connections open, until {@link thaw}. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** What /metrics says of a counter or gauge: the sum over its labels; 0 when it is not there. */
  async metric(name: string): Promise<number> {
    return (await Scrape.of(this)).sum(name);
  }

  /** Resolves when the first sweep is over, which every process begins with. */
  async hasSwept(): Promise<void> {
    await eventually(async () => {
      if ((await this.metric('firstcome_sweeps_total')) === 0) throw new Error('the first sweep is not over');
    });
  }

  /**
   * Resolves when `path` answers that all is well, not only degraded; @throws Error with the logs when the process ends
   * before, or never gets there.
   */
  async isUp(path: string): Promise<void> {
    await eventually(
      async () => {
        const answer = this.hasExited ? undefined : await fetch(`${this.url}${path}`).catch(() => undefined);
        const { status } = ((await answer?.json().catch(() => undefined)) ?? {}) as { status?: string };
        if (this.hasExited || (answer?.status === 200 && status === 'ok')) return;
        const said = answer === undefined ? 'no connection' : `${answer.status} ${status}`;
        throw new Error(`the application does not answer ${path} (${said})\n${this.logs}`);
      },
      { intervalMs: 100 },
    );
    if (this.hasExited) throw new Error(`the application ended at once: ${JSON.stringify(this.exit)}\n${this.logs}`);
  }
}

/** Of a process; a fault point that does not exist does not compile, where it would never be reached. */
export type Environment = Readonly<Record<string, string>> & { readonly FAULT_POINT?: FaultPoint };

interface AppOptions {
  /** Added to (and stronger than) the environment of the test run, e.g. `{ FAULT_POINT: 'after-reserve' }`. */
  readonly env?: Environment;
  /** Resolves when this path answers `ok`; `/health/ready` also waits for both dependencies. */
  readonly waitFor?: '/health/live' | '/health/ready';
}

/**
 * Starts `node dist/main.js` with NODE_ENV=test on a free port of 127.0.0.1 and without seeding, against the servers of
 * the test run, unless `env` says otherwise. Killed at the end of the test file if it still runs then.
 */
export async function startApp({ env = {}, waitFor = '/health/live' }: AppOptions = {}): Promise<AppProcess> {
  const main = `${PROJECT}dist/main.js`;
  if (!existsSync(main)) throw new Error('dist/main.js is missing; run `npm run build` (`npm test` does it)');
  const { HOST, PORT } = { ...DEFAULTS, PORT: undefined, ...env };
  const port = PORT === undefined ? await freePort() : Number(PORT);
  const managementPort = env['NODE_ENV'] === 'production' ? ANY_MANAGEMENT_PORT : {};
  const child = spawn(process.execPath, [main], {
    cwd: PROJECT,
    env: { ...process.env, ...DEFAULTS, ...managementPort, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const app = new AppProcess(child, port, HOST);
  atEndOfFile(async () => {
    if (!app.hasExited) await app.kill();
  });
  await app.isUp(waitFor);
  return app;
}
