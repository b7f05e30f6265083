import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { findOrInstall } from '../../scripts/services/apt.mjs';
import { findBinary } from '../../scripts/services/binaries.mjs';
import { startServer } from '../../scripts/services/server-process.mjs';
import { atEndOfFile } from './cleanup.js';

/** Our rules and scrape configuration. */
export const PROMETHEUS_CONFIG = fileURLToPath(new URL('../../config/prometheus/', import.meta.url));

interface Series {
  readonly metric: Readonly<Record<string, string>>;
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

/**
 * True when Prometheus and promtool are here, installed now where we may, as Redis and MySQL are. Else one line says
 * what is left out.
 */
export async function havePrometheus(): Promise<boolean> {
  if (await findOrInstall(isHere, ['prometheus'], say)) return true;
  say('Prometheus is not installed and cannot be installed here: the tests of the alert rules are left out');
  return false;
}

function isHere(): boolean {
  return findBinary('promtool') !== null && findBinary('prometheus') !== null;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Runs promtool and returns what it prints; @throws Error with its output when it finds a fault. */
export async function promtool(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(findBinary('promtool') ?? 'promtool', args);
  return stdout + stderr;
}

/** A Prometheus that looks at an application every second and knows our rules; ended at the end of the test file. */
export class Prometheus {
  private constructor(private readonly url: string) {}

  static async watching(app: { readonly port: number }): Promise<Prometheus> {
    const home = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'firstcome-test-prometheus-'));
    atEndOfFile(async () => rmSync(home, { recursive: true, force: true }));
    const config = join(home, 'prometheus.yml');
    writeFileSync(
      config,
      stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [join(PROMETHEUS_CONFIG, 'alerts.yml')],
        scrape_configs: [{ job_name: 'firstcome', static_configs: [{ targets: [`127.0.0.1:${app.port}`] }] }],
      }),
    );
    const dir = join(home, 'server');
    const server = await startServer({
      name: 'Prometheus',
      dir,
      port: undefined,
      log: undefined,
      env: undefined,
      url: (port) => `http://127.0.0.1:${port}`,
      answers: async (port) => (await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined))?.ok ?? false,
      command: (port) => ({
        binary: findBinary('prometheus') ?? 'prometheus',
        args: [
          `--config.file=${config}`,
          `--storage.tsdb.path=${join(dir, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
      }),
    });
    atEndOfFile(() => server.kill('SIGKILL'));
    return new Prometheus(server.url);
  }

  /** The alerts that are pending or firing. */
  async alerts(): Promise<Alert[]> {
    return (await this.ask<{ alerts: Alert[] }>('alerts')).alerts;
  }

  /** What the expression selects at this moment; @throws Error when Prometheus does not understand it. */
  async query(expression: string): Promise<Series[]> {
    return (await this.ask<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
  }

  private async ask<T>(path: string): Promise<T> {
    const answer: { status: string; error?: string; data: T } = JSON.parse(
      await (await fetch(`${this.url}/api/v1/${path}`)).text(),
    );
    if (answer.status !== 'success') throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
}
