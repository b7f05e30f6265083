import { beforeAll, describe, expect, it } from '@jest/globals';
import { codeFromString, codeToHttpStatus } from '@connectrpc/connect/protocol-connect';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ERROR_STATUS } from '../../src/operations/problems/error-status.js';
import { CouponService } from '../../src/rpc/generated/coupon/v1/coupon_pb.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { atEndOfFile } from '../support/cleanup.js';
import { eventually } from '../support/poll.js';
import { runCommand } from '../support/run-command.js';

/** What docs/rpc.md shows is what happens: its commands, its client, and its tables. */

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const TEXT = readFileSync(`${PROJECT}docs/rpc.md`, 'utf8');
const DOCUMENTED_URL = 'http://localhost:8080';

let app: AppProcess;

beforeAll(async () => {
  // As in production, so that the calls that need the admin token have it.
  app = await startApp({ env: { ...PATIENT, RPC_OPEN_ACCESS: 'false' }, waitFor: '/health/ready' });
});

/** The only block of code that contains this; `language` is what stands behind its fence. */
function block(part: string, language = ''): string {
  const blocks = [...TEXT.matchAll(/^```(\w*)\n(.*?)^```$/gms)].filter(
    ([, label, code = '']) => label === language && code.includes(part),
  );
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[2] ?? '';
}

/** The cells of each row of the only table with this head. */
function table(head: string): string[][] {
  const [, rows = ''] = TEXT.split(`${head}\n`);
  const [body = ''] = rows.split('\n\n');
  return body
    .split('\n')
    .slice(1)
    .map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map((cells) => cells.slice(1, -1));
}

/** Without what is another one each time, as long as it looks as it should. */
function stable(answer: string): string {
  return answer
    .replaceAll(/"(id|campaignId)":\d+/g, '"$1":0')
    .replaceAll(/"(createdAt|updatedAt)":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g, '"$1":"then"')
    .replaceAll(/"[가-힣\d]{10}"/g, '"code"');
}

interface Exchange {
  readonly call: string;
  readonly headers: Array<[string, string]>;
  readonly body: string;
  readonly answer: string;
}

/** What is typed and what comes back, in the order of the document. */
function exchanges(): Exchange[] {
  return block('$ curl')
    .replaceAll(/ \\\n +/g, ' ')
    .trim()
    .split('\n\n')
    .map((lines) => {
      const [command = '', answer = ''] = lines.split('\n');
      const [, call = ''] = /^\$ curl localhost:8080(\S+)/.exec(command) ?? [];
      const [, body = ''] = /-d '([^']+)'/.exec(command) ?? [];
      const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(
        ([, name = '', value = '']): [string, string] => [name, value],
      );
      return { call, headers, body, answer };
    });
}

/** What the client prints, less how many are issued when it asks, and their codes. */
function withoutIssued(output: string): string {
  return output.replace(/^[012] of 2 issued: \[.*\]$/m, '… of 2 issued');
}

describe('the commands of curl', () => {
  it('are answered as is written there', async () => {
    let campaignId = 0;
    const calls: string[] = [];
    for (const { call, headers, body, answer } of exchanges()) {
      const asked = body.replace(/"campaignId":\d+/, `"campaignId":${campaignId}`);
      const hearsIt = async (): Promise<void> => {
        const heard = await (await fetch(app.url + call, { method: 'POST', headers, body: asked })).text();
        expect(stable(heard)).toBe(stable(answer));
        campaignId = (JSON.parse(heard) as { campaignId?: number }).campaignId ?? campaignId;
      };
      // The ledger follows within moments.
      await (call.endsWith('/GetCampaign') ? eventually(hearsIt) : hearsIt());
      calls.push(call);
    }
    const names = Object.values(CouponService.method).map(({ name }) => `/${CouponService.typeName}/${name}`);
    expect(new Set(calls)).toEqual(new Set(names));
  });
});

describe('the client', () => {
  let directory: string;

  /** A project beside ours, made by the commands of the document; what npm would install is linked. */
  beforeAll(async () => {
    const root = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'rpc-client-'));
    atEndOfFile(() => rm(root, { recursive: true }));
    symlinkSync(PROJECT, join(root, 'firstcome'));
    directory = join(root, 'client');
    mkdirSync(join(directory, 'src'), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules'), join(directory, 'node_modules'));
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(directory, 'tsconfig.json'),
      JSON.stringify({
        extends: '../firstcome/tsconfig.json',
        compilerOptions: { noEmit: false, rootDir: 'src', outDir: 'dist' },
        include: ['src'],
        exclude: [],
      }),
    );
    const client = block('createClient', 'ts');
    expect(client).toContain(DOCUMENTED_URL);
    const asked = client.replaceAll(DOCUMENTED_URL, app.url);
    writeFileSync(join(directory, 'src/createConnectTransport.ts'), asked);
    writeFileSync(
      join(directory, 'src/createGrpcWebTransport.ts'),
      asked.replaceAll('createConnectTransport', 'createGrpcWebTransport'),
    );

    const [, generate = ''] = block('npx buf generate').split('npx ');
    const PATH = [join(PROJECT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
    await promisify(execFile)('sh', ['-c', generate], { cwd: directory, env: { PATH, HOME: directory } });
    const { code, all } = await runCommand(join(PROJECT, 'node_modules/typescript/bin/tsc'), ['-p', directory], {});
    expect({ code, all }).toEqual({ code: 0, all: '' });
  });

  it.each(['createConnectTransport', 'createGrpcWebTransport'])('prints what it should with %s', async (transport) => {
    const { code, out, err } = await runCommand(join(directory, `dist/${transport}.js`), [], {});
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(withoutIssued(out)).toBe(withoutIssued(block('of 2 issued: [')));
  });

  it('installs what the application runs with', () => {
    const { dependencies, devDependencies }: Record<string, object> = JSON.parse(
      readFileSync(`${PROJECT}package.json`, 'utf8'),
    );
    const installed = [...block('npm install').matchAll(/ (@\S+)@(\S+)/g)].map(([, name, version]) => [name, version]);
    expect(installed.length).toBeGreaterThan(0);
    expect({ ...dependencies, ...devDependencies }).toMatchObject(Object.fromEntries(installed));
  });
});

describe('the tables', () => {
  const answers = table('| code | message | status | what it means, and what to do |');

  it('have every answer, with the status of its code', () => {
    const { VALIDATION_FAILED, ROUTE_NOT_FOUND, ...others } = ERROR_STATUS;
    const texts = Object.values(others).flatMap(({ rpc }) => ('message' in rpc ? [`${rpc.code} ${rpc.message}`] : []));
    const documented = answers.map(([code = '', message = '']) => `${code} ${message}`);
    expect(documented.filter((answer) => /^\w+ [A-Z_]+$/.test(answer)).sort()).toEqual([...new Set(texts)].sort());
    expect(documented).toContain(`${VALIDATION_FAILED.rpc.code} what is wrong`);
    expect(documented).toContain(`${ROUTE_NOT_FOUND.rpc.code} what is not there`);
    for (const [code = '', , status] of answers) expect([code, status]).toEqual([code, statusOf(code)]);
  });

  it('have every further field of CreateCampaign', () => {
    const known = new Set(['name', 'coupon_limit', 'start_time']);
    const further = CouponService.method.createCampaign.input.fields.filter(({ name }) => !known.has(name));
    const documented = table('| field | default | meaning |').map(([name]) => name);
    expect(documented).toEqual(further.map(({ jsonName }) => jsonName));
  });
});

function statusOf(code: string): string {
  const number = codeFromString(code);
  return number === undefined ? `${code} is no code` : String(codeToHttpStatus(number));
}
