import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openBrowser, openWindow } from '../support/browser.js';
import { runCommand } from '../support/run-command.js';

const RUNNER = fileURLToPath(new URL('../../scripts/load.mjs', import.meta.url));

/** What k6/lib/summary.ts leaves after a run. */
const RESULT = {
  scenario: 'smoke',
  passed: true,
  finishedAt: '2026-11-20T12:00:00.000Z',
  options: {},
  seconds: 1,
  requestsPerSecond: 40,
  droppedIterations: 0,
  failed: 0,
  drainSeconds: 0.01,
  answers: [{ label: 'all answers', count: 40, isMain: true, med: 1, p95: 2, p99: 3 }],
};

describe('npm run load', () => {
  let dir: string;
  const app = createServer((_request, response) => response.end('{"status":"ok"}'));

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'load-runner-'));
    await new Promise<void>((resolve) => void app.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    await new Promise((resolve) => void app.close(resolve));
    rmSync(dir, { recursive: true, force: true });
  });

  it('passes when k6 ends well and its result says so', async () => {
    standInForK6(RESULT, 0);
    expect(await load('smoke')).toMatchObject({ code: 0 });
  });

  it('fails when the result says that a rule or the audit failed, although k6 ends well', async () => {
    standInForK6({ ...RESULT, passed: false }, 0);
    expect(await load('smoke')).toMatchObject({ code: 1, output: expect.stringContaining('Failed: smoke') });
  });

  it('fails when k6 ends with an error, although the result is good', async () => {
    standInForK6(RESULT, 110);
    expect(await load('smoke')).toMatchObject({ code: 1 });
  });

  it('fails when k6 leaves no result', async () => {
    standInForK6(undefined, 0);
    expect(await load('smoke')).toMatchObject({ code: 1, output: expect.stringContaining('without a result') });
  });

  it('puts the scenario, the verdict and its reason in front of the report of k6, in words and numbers', async () => {
    const rules = [
      { label: 'rows in MySQL', is: '==', limit: 4, measured: 3, holds: false },
      { label: 'all answers, p99', is: '<', limit: 100, unit: 'ms', measured: 250.4, holds: false, isGoal: true },
      { label: 'audits made', is: '==', limit: 1, measured: 1, holds: true },
    ];
    standInForK6(
      { ...RESULT, passed: false, rules },
      99,
      '<html><head><title>k6 report</title></head><body>$1</body></html>',
    );
    await load('smoke');
    const report = readFileSync(join(dir, 'results', 'smoke.html'), 'utf8');
    expect(report).toContain('<title>smoke: FAILED</title>');
    expect(report).toContain('<h1>smoke: <span class="failed">FAILED</span></h1>');
    expect(report).toContain('>rows in MySQL: 3, wanted 4.<');
    expect(report).toContain('<td>goal missed</td><td>all answers, p99</td><td class="number">250 ms</td>');
    expect(report).toContain('A goal that is missed is reported only: the run passes all the same.');
    expect(report).toMatch(/\$1<\/body>/);
  });

  it('writes a report of a run that was too short for one of k6, with a whole axis', async () => {
    const answers = [{ label: 'all answers', count: 40, isMain: true, med: 1, p95: 9, p99: 61, max: 233 }];
    standInForK6({ ...RESULT, seconds: 0.4, answers, rules: [] }, 0);
    await load('smoke');
    const report = pathToFileURL(join(dir, 'results', 'smoke.html')).href;
    const { page, complaints } = await openWindow(await openBrowser(), report);
    expect(complaints).toEqual([]);
    expect(await page.title()).toBe('smoke: PASSED');
    const chart = await page.locator('svg').boundingBox();
    const labels = await Promise.all((await page.locator('svg text').all()).map((label) => label.boundingBox()));
    expect(await page.locator('svg text').allTextContents()).toEqual(
      expect.arrayContaining(['all answers', '0 ms', '50 ms', '250 ms']),
    );
    for (const label of labels) {
      expect(label?.x).toBeGreaterThanOrEqual(chart?.x ?? Infinity);
      expect((label?.x ?? Infinity) + (label?.width ?? 0)).toBeLessThanOrEqual((chart?.x ?? 0) + (chart?.width ?? 0));
    }
  });

  it('shows in a pipe how far k6 is', async () => {
    // It runs until it has been asked.
    const program = `
      import { writeFileSync } from 'node:fs';
      import { createServer } from 'node:http';
      const [host, port] = process.argv[process.argv.indexOf('--address') + 1].split(':');
      createServer(({ url }, response) => {
        const attributes = url === '/v1/status' ? { vus: 50 } : { sample: { count: 12345 } };
        response.end(JSON.stringify({ data: { attributes } }), () => {
          if (url === '/v1/status') return;
          writeFileSync(process.env.RESULTS_DIR + '/smoke.json', ${JSON.stringify(JSON.stringify(RESULT))});
          process.exit();
        });
      }).listen(Number(port), host);`;
    writeFileSync(join(dir, 'k6.mjs'), program);
    standInForK6(undefined, 0, undefined, `exec '${process.execPath}' '${join(dir, 'k6.mjs')}' "$@"`);
    expect((await load('smoke')).output).toMatch(/^ {2}\d+ s: 12,345 requests, 50 callers$/m);
  });

  it('tells mean and deviation of several runs', async () => {
    standInForK6(RESULT, 0);
    expect(await load('smoke', '--runs', '3')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/3 runs, mean ± deviation: 3 passed[\s\S]*p50 1\.0 ± 0\.0/),
    });
  });

  it('lists the scenarios when none is named, and after a name that it does not know', async () => {
    expect(await load()).toMatchObject({ code: 0, output: expect.stringContaining('flash-sale') });
    expect(await load('flash')).toMatchObject({
      code: 1,
      output: expect.stringMatching(/There is no scenario flash\.[\s\S]*flash-sale/),
    });
  });

  it.each([
    [{ USERS: 'many' }, ['extreme'], 'USERS must be a whole number from 1 to 10000, not "many"'],
    [{ DURATION: '30' }, ['steady'], 'DURATION must be a duration such as 30s, 2m or 500ms, at most 86400s, not "30"'],
    [{}, ['smoke', '--runs', '0'], '--runs must be a whole number from 1 to 100, not "0"'],
    [{}, ['--quick'], 'There is no option --quick'],
    [{ BASE_URL: 'nowhere' }, ['smoke'], 'BASE_URL must be an address such as http://localhost:8080, not "nowhere"'],
    [{ BASE_URL: 'http://127.0.0.1:1' }, ['smoke'], 'No app answers http://127.0.0.1:1/health/live'],
    [{ BASE_URL: '', REDIS_URL: 'redis://127.0.0.1:1' }, ['smoke', '--fresh'], 'unset REDIS_URL, or leave --fresh out'],
    [
      { BASE_URL: '', DATABASE_URL: 'mysql://127.0.0.1:1/x', NODE_ENV: 'local' },
      ['smoke', '--fresh'],
      'unset DATABASE_URL, or leave',
    ],
  ])('says what is wrong with %j %j', async (environment, words, message) => {
    standInForK6(RESULT, 0);
    expect(await loadWith(environment, ...words)).toMatchObject({ code: 1, output: expect.stringContaining(message) });
  });

  /** A program that leaves this result and this report, or none, and ends with this code. */
  function standInForK6(result: unknown, exitCode: number, report?: string, does = ''): void {
    const files = { json: result === undefined ? undefined : JSON.stringify(result), html: report };
    const leaveResult = Object.entries(files)
      .filter(([, text]) => text !== undefined)
      .map(([type, text]) => `cat > "$RESULTS_DIR/smoke.${type}" <<'END'\n${text}\nEND\n`)
      .join('');
    const program = `#!/bin/sh\n[ "$1" = version ] && { echo 'k6 v1.8.1'; exit; }\n${leaveResult}${does}\nexit ${exitCode}\n`;
    writeFileSync(join(dir, 'k6'), program);
    chmodSync(join(dir, 'k6'), 0o755);
  }

  function load(...words: string[]) {
    return loadWith({}, ...words);
  }

  async function loadWith(
    environment: Record<string, string>,
    ...words: string[]
  ): Promise<{ code: number | null; output: string }> {
    const { port } = app.address() as AddressInfo;
    const { code, all: output } = await runCommand(RUNNER, words, {
      PATH: `${dir}${delimiter}${process.env['PATH']}`,
      BASE_URL: `http://127.0.0.1:${port}`,
      RESULTS_DIR: join(dir, 'results'),
      ...environment,
    });
    return { code, output };
  }
});
