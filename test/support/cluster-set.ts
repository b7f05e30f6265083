import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insidePort } from '../../scripts/cluster/balancer-member.mjs';
import { databaseUrl } from '../../scripts/cluster/database-members.mjs';
import { kafkaBrokers } from '../../scripts/cluster/kafka-members.mjs';
import { memberLog } from '../../scripts/cluster/member-files.mjs';
import { firstOf, ofKind, type Plan } from '../../scripts/cluster/plan.mjs';
import { redisUrl } from '../../scripts/cluster/redis-members.mjs';
import { down, type ProcessStatus, startAgain, status, up } from '../../scripts/cluster/set.mjs';
import { sendSignal, waitForEnd } from '../../scripts/services/process.mjs';
import { removeTree } from '../../scripts/services/remove-tree.mjs';
import { ApiClient } from './api-client.js';
import { atEndOfFile } from './cleanup.js';
import { openDatabase, type TestDatabase } from './database.js';
import { LoadBalancer } from './load-balancer.js';

const SCHEMA = 'firstcome_cluster_test';
const DEFAULTS = {
  // Quick to heal, so that no test waits long for a sweep.
  NODE_ENV: 'test',
  // Jest's own, not the application's.
  NODE_OPTIONS: '',
  // Only the command's own tests need what it makes.
  LOAD_TEST_SEED_AT_START: 'false',
  METRICS_WRITE_INTERVAL_MS: '0',
};
/** An instance gives itself up after five seconds, and a database may take as long. */
const END_WITHIN_MS = 30_000;

interface ClusterOptions {
  readonly redis?: 'single' | 'sentinel' | 'cluster';
  readonly database?: 'single' | 'galera';
  /** How many brokers. */
  readonly kafka?: number;
  readonly instances?: number;
  /** Added to (and stronger than) the environment of the test run and what is set here for every instance. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What `npm run cluster -- up` starts, of a test file's own: instances behind HAProxy over real servers, each of which a
 * test may kill, freeze and start again. Ended and removed at the end of the test file.
 */
export class ClusterSet {
  /** Asks whichever instance the balancer chooses. */
  readonly api: ApiClient;
  readonly balancer: LoadBalancer;
  /** Of the first instance. */
  readonly database: TestDatabase;

  private constructor(
    private readonly dir: string,
    private readonly plan: Plan,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    const balancer = firstOf(plan, 'balancer');
    this.balancer = new LoadBalancer(balancer.port, insidePort(balancer));
    this.api = new ApiClient(this.address);
    this.database = openDatabase(this.databaseUrls[0]);
  }

  /** Resolves when every instance is ready and the balancer takes it for well. */
  static async start({
    redis = 'single',
    database = 'single',
    kafka = 0,
    instances = 3,
    env = {},
  }: ClusterOptions = {}) {
    const dir = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'firstcome-test-cluster-'));
    atEndOfFile(async () => {
      await down(dir);
      await removeTree(dir);
    });
    const appEnv = { ...DEFAULTS, ...env };
    const plan = await up({
      dir,
      wanted: { redis, database, kafka, instances },
      schema: SCHEMA,
      env: appEnv,
      // `npm run test:cluster` has done it.
      build: async () => {},
      say: () => {},
      signal: new AbortController().signal,
    });
    return new ClusterSet(dir, plan, appEnv);
  }

  /** Of the balancer. */
  get address(): string {
    return this.balancer.outside;
  }

  /** What the instances have for REDIS_URL. */
  get redisUrl(): string {
    return redisUrl(this.plan);
  }

  /** What the instances have for KAFKA_BROKERS; empty where the set has none. */
  get kafkaBrokers(): string {
    return kafkaBrokers(this.plan);
  }

  /** What each instance has for DATABASE_URL. */
  get databaseUrls(): string[] {
    return ofKind(this.plan, 'app').map((app) => databaseUrl(this.plan, app));
  }

  /** The address of an instance itself; the first one is 1, as in its name. */
  instanceUrl(number: number): string {
    const app = ofKind(this.plan, 'app')[number - 1];
    if (app === undefined) throw new Error(`the set has no instance ${number}`);
    return `http://127.0.0.1:${app.port}`;
  }

  /** All that belongs to the set as it is now: its role, and whether it runs. */
  async processes(): Promise<ProcessStatus[]> {
    return (await status(this.dir)).processes;
  }

  /** The one of this name, e.g. `app-1`, `redis-2`, `galera-3`. @throws Error when there is none */
  async process(name: string): Promise<ProcessStatus> {
    const found = (await this.processes()).find((process) => process.name === name);
    if (found === undefined) throw new Error(`the set has no ${name}`);
    return found;
  }

  /** Sends a signal (SIGKILL unless told otherwise) and resolves when the process has ended. */
  async kill(name: string, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const pid = await this.pidOf(name);
    sendSignal(pid, signal);
    if (!(await waitForEnd(pid, END_WITHIN_MS))) throw new Error(`${name} does not end\n${this.logs(name)}`);
  }

  /** SIGSTOP: the process stands still with its connections open, until {@link thaw}. */
  async freeze(name: string): Promise<void> {
    sendSignal(await this.pidOf(name), 'SIGSTOP');
  }

  /** SIGCONT: what was sent meanwhile is carried out now. */
  async thaw(name: string): Promise<void> {
    sendSignal(await this.pidOf(name), 'SIGCONT');
  }

  /** Starts again what has ended, as it was, with its data; resolves when it answers. `env` is added to an instance's. */
  async start(name: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (await startAgain(this.dir, name, { ...this.env, ...env })) throw new Error(`${name} runs already`);
  }

  /** Everything a process has printed, over all its starts. */
  logs(name: string): string {
    return readFileSync(memberLog(this.dir, { name }), 'utf8');
  }

  private async pidOf(name: string): Promise<number> {
    const { pid } = await this.process(name);
    if (pid === null) throw new Error(`${name} does not run\n${this.logs(name)}`);
    return pid;
  }
}
