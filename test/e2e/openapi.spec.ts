import { beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startApp } from '../support/app-process.js';
import { atEndOfFile } from '../support/cleanup.js';
import { OpenApiDocument, type Operation } from '../support/openapi-document.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { runCommand } from '../support/run-command.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

/** The OpenAPI document for those who make something of it: linters, generators of clients, and people who try its examples. */

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const STRICT = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
const LOCAL_ADMIN = 'Bearer local-admin';

/** How a call may be refused whose example is right, but what it is about has just been done, or is nothing of the test data. */
const REFUSED: Readonly<Record<string, string>> = {
  'post /api/coupons/{couponId}/issue': 'ALREADY_ISSUED',
  'post /api/coupons/reserve': 'ALREADY_ISSUED',
  'post /api/coupons/issue': 'ALREADY_ISSUED',
  'post /coupons/{userId}/issue-async': 'ALREADY_ISSUED',
  // The coupon lets everybody in, and has no tickets.
  'post /api/coupons/{couponId}/entry-tickets': 'VALIDATION_FAILED',
  'post /api/coupons/{couponId}/failures/{failureId}/retry': 'FAILURE_NOT_FOUND',
  'post /api/webhooks/{webhookId}/deliveries/{deliveryId}/replay': 'DELIVERY_NOT_FOUND',
};

/** Nobody answers there: the example is given an address at which somebody does. */
const EXAMPLE_RECEIVER = 'https://shop.example/hooks/coupons';

/** What others need has to be there before, and is deleted when they are done. */
const ORDER = ['post /api/users/{userId}/balance/charge', 'post /api/coupons/{couponId}/reserve'];

let url: string;
let document: OpenApiDocument;
let home: string;
let receiver: WebhookReceiver;

beforeAll(async () => {
  home = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'firstcome-test-openapi-'));
  atEndOfFile(async () => rmSync(home, { recursive: true, force: true }));
  receiver = await WebhookReceiver.open();
  const { servers } = await openOwnServers('openapi');
  const app = await startApp({
    env: {
      DATABASE_URL: servers.databaseUrl,
      REDIS_URL: servers.redisUrl,
      LOAD_TEST_SEED_AT_START: 'true',
    },
  });
  url = app.url;
  document = await OpenApiDocument.of(url);
  writeFileSync(join(home, 'openapi.json'), document.text);
});

/** Runs a program of an installed package on files of this test. */
function run(program: string, ...words: string[]) {
  const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return runCommand(join(PROJECT, 'node_modules', program), words, { ...process.env, ...quiet, NODE_OPTIONS: '' });
}

describe('the OpenAPI document', () => {
  it('keeps the recommended rules of the linter', async () => {
    const file = join(home, 'openapi.json');
    const words = ['lint', file, '--config', join(PROJECT, 'redocly.yaml'), '--format=json'];
    const { code, out } = await run('@redocly/cli/bin/cli.js', ...words);
    const { problems } = JSON.parse(out.slice(out.indexOf('{'), out.lastIndexOf('}') + 1)) as {
      problems: Array<{ ruleId: string; message: string; location: Array<{ pointer: string }> }>;
    };
    expect(problems.map(({ ruleId, message, location }) => [ruleId, location[0]?.pointer, message])).toEqual([]);
    expect(code).toBe(0);
  });

  it('has a name for whatever is sent or answered as JSON', () => {
    const unnamed = document.operations.flatMap(([call, { requestBody, responses }]) =>
      [requestBody, ...Object.values(responses)].flatMap((part) => {
        const schema = part?.content?.['application/json']?.schema;
        return schema === undefined || schema.$ref !== undefined ? [] : [call];
      }),
    );
    expect(unnamed).toEqual([]);
  });

  it('is the same from every process', async () => {
    expect((await OpenApiDocument.fetch()).text).toBe(document.text);
  });

  it('says of every call what it needs, and of an idempotency key how long it may be', () => {
    for (const [call, { security }] of document.operations) expect([call, security]).toEqual([call, expect.any(Array)]);
    const keys = document.operations.flatMap(([, { parameters = [] }]) =>
      parameters.filter(({ name }) => name === 'Idempotency-Key'),
    );
    expect(keys.length).toBeGreaterThan(2);
    for (const { schema } of keys)
      expect(schema).toMatchObject({ minLength: 1, maxLength: 257, pattern: expect.any(String) });
  });

  it('gives a client of TypeScript types with names', async () => {
    const client = join(home, 'client.d.ts');
    const words = [join(home, 'openapi.json'), '--output', client, '--root-types', '--root-types-no-schema-prefix'];
    expect(await run('openapi-typescript/bin/cli.js', ...words)).toMatchObject({ code: 0 });
    expect(readFileSync(client, 'utf8')).toContain("export type Coupon = components['schemas']['Coupon'];");
    writeFileSync(join(home, 'use.ts'), USE);
    const compilerOptions = { ...STRICT, module: 'nodenext', target: 'es2022', types: [], noEmit: true };
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
    const { code, all } = await run('typescript/bin/tsc', '-p', home);
    expect({ code, all }).toEqual({ code: 0, all: '' });
  });
});

/** What a team writes over the generated types; what must not compile is marked. */
const USE = `
import type { Coupon, CouponList, CreateOrderRequest, Order, paths, Problem, ReserveRequest } from './client.js';

type Calls = paths['/api/orders']['post'];
export const draft: Calls['requestBody']['content']['application/json'] = {
  userId: 1000,
  items: [{ productId: 1, quantity: 2 }],
} satisfies CreateOrderRequest;
export const asked: ReserveRequest = { userId: 1000 };
export function open({ coupons }: CouponList): string[] {
  return coupons.filter((coupon: Coupon) => coupon.status === 'OPEN').map(({ name }) => name.toUpperCase());
}
export function first(order: Calls['responses']['201']['content']['application/json']): number | undefined {
  const same: Order = order;
  return same.items[0]?.quantity;
}
export const codeOf = (problem: Problem): string => problem.code;
// @ts-expect-error there is no such state
export const wrong: Coupon['status'] = 'NOTHING';
// @ts-expect-error a user has to be named
export const nobody: ReserveRequest = {};
`;

describe('the examples', () => {
  it('work with the test data, each of them', async () => {
    const calls = new Map(document.operations);
    const first = ORDER.map((call): [string, Operation] => [call, calls.get(call) ?? { responses: {} }]);
    const rest = document.operations.filter(([call]) => !ORDER.includes(call) && !call.startsWith('delete'));
    const last = document.operations.filter(([call]) => call.startsWith('delete'));
    for (const [call, operation] of [...first, ...rest, ...last]) {
      // The coupon that is reserved first is issued in its own time, and then it can be used.
      await eventually(async () => {
        const { status, code } = await tryExample(call, operation);
        const refusal = REFUSED[call];
        const isRight = status < 300 || (refusal !== undefined && code === refusal);
        expect([call, status, code, isRight]).toEqual([call, status, code, true]);
      });
    }
  });
});

/** Makes the call as it is described: with the examples of its path, of what must be in its query, and of its body. */
async function tryExample(call: string, { parameters = [], requestBody }: Operation) {
  const [method = '', path = ''] = call.split(' ');
  const values = new Map(parameters.map(({ name, schema }) => [name, String(schema.examples?.[0] ?? schema.example)]));
  const query = parameters.filter((parameter) => parameter.in === 'query' && parameter.required === true);
  const target = path.replace(/\{(\w+)\}/g, (_whole, name: string) => values.get(name) ?? '');
  const search = new URLSearchParams(Object.fromEntries(query.map(({ name }) => [name, values.get(name) ?? ''])));
  // JSON; of an import its first way, which is NDJSON, and has its example as text.
  const [type, { schema } = { schema: undefined }] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const example: unknown = schema === undefined ? undefined : document.resolve(schema).example;
  const text = typeof example === 'string' ? example : JSON.stringify(example);
  const response = await fetch(`${url}${target}?${search.toString()}`, {
    method: method.toUpperCase(),
    headers: { authorization: LOCAL_ADMIN, ...(type !== undefined && { 'content-type': type }) },
    ...(type !== undefined && { body: text.replace(EXAMPLE_RECEIVER, receiver.url) }),
  });
  if (response.status < 400) {
    // One that goes on for as long as somebody listens has begun, which is enough.
    await response.body?.cancel();
    return { status: response.status, code: undefined };
  }
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, code };
}
