import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { BAD_ID_TEXTS, BAD_IDS } from '../support/bad-ids.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';
import { inDays } from '../support/times.js';

/** Every way to ask wrongly, over HTTP; on servers of its own, so that everything there is can be compared. */

const ADMIN = { authorization: 'Bearer local-admin' };
const JSON_TYPE = { 'content-type': 'application/json' };
const TABLES = ['coupons', 'user_coupons', 'issuance_failures', 'users', 'products'];

const DEFINITION = {
  name: 'A bad definition',
  totalQuantity: 10,
  discountRate: 50,
  startsAt: inDays(-1),
  expiresAt: inDays(1),
  audience: 'anyone',
};

// In the tables below a last column may be left out; their tests take rest parameters, since Jest takes a parameter
// that a row has no value for as a callback to wait for.

const BAD_LIMITS = ['0', '-1', '101', '1.5', 'many', '', '%20', '1&limit=2'];
const BAD_CURSORS = ['nonsense', '!!!', 'bnVsbA', 'LTE', 'IjQyIg', 'e30', 'W10', '9'.repeat(600)];
const TOKENS = [undefined, 'Bearer wrong', 'Bearer ', 'local-admin', 'Basic bG9jYWwtYWRtaW46'];

interface Problem {
  readonly code: string;
  readonly errors?: ReadonlyArray<{ path: string; message: string }>;
}

let url: string;
let database: TestDatabase;
let redis: Redis;
let couponId: number;
let before: unknown;

beforeAll(async () => {
  const [mysqlServer, redisServer] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
  const app = await startApp({ env: { DATABASE_URL: mysqlServer.url, REDIS_URL: redisServer.url } });
  url = app.url;
  database = openDatabase(mysqlServer.url);
  redis = openRedis(redisServer.url);

  const api = new ApiClient(url);
  couponId = (await api.createCoupon()).couponId;
  expect((await api.issue(couponId, 1)).status).toBe(200);
  await eventually(async () => {
    expect((await api.audit(couponId)).body).toMatchObject({ consistent: true, redis: { pending: 0 } });
  });
  before = await everything();
});

afterEach(async () => {
  expect(await everything()).toEqual(before);
});

/** All rows and all keys there are. */
async function everything(): Promise<unknown> {
  const tables = await Promise.all(
    TABLES.map((table) => database.row(`SELECT COUNT(*) AS size, COALESCE(SUM(id), 0) AS ids FROM ${table}`)),
  );
  // The ranking's jobs, and who writes the history of coupons, write theirs in the background, whatever is asked.
  const keys = (await redis.keys('*')).filter((key) => !/^(ranking|firstcome:history):/.test(key)).sort();
  const values = await Promise.all(keys.map(async (key) => (await redis.dumpBuffer(key))?.toString('hex')));
  return { tables, coupons: await database.rows('SELECT * FROM coupons ORDER BY id'), keys, values };
}

/** In `path`, `:couponId` stands for the coupon that exists. */
async function send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Response> {
  return await fetch(url + path.replace(':couponId', String(couponId)), { method, headers, body });
}

async function sendAsAdmin(method: string, path: string, body: object): Promise<Response> {
  return await send(method, path, { ...ADMIN, ...JSON_TYPE }, JSON.stringify(body));
}

/** Asserts a problem document with this status and code, and returns it. */
async function refused(response: Response, status: number, code: string): Promise<Problem> {
  const problem: Problem = JSON.parse(await response.text());
  expect({ status: response.status, ...problem }).toMatchObject({ status, code });
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(problem).toEqual(
    expect.objectContaining({
      type: expect.any(String),
      title: expect.any(String),
      status,
      detail: expect.any(String),
      instance: new URL(response.url).pathname,
    }),
  );
  return problem;
}

/** Asserts 400 VALIDATION_FAILED that names `path` as wrong. */
async function invalid(response: Response, path: string): Promise<void> {
  const { errors } = await refused(response, 400, 'VALIDATION_FAILED');
  expect(errors?.map((error) => error.path)).toContain(path);
  for (const error of errors ?? []) expect(error).toEqual({ path: expect.any(String), message: expect.any(String) });
}

describe('a definition', () => {
  it.each<[string, object]>([
    ['name', { name: undefined }],
    ['name', { name: null }],
    ['name', { name: 7 }],
    ['name', { name: '' }],
    ['name', { name: '   ' }],
    ['name', { name: 'x'.repeat(300) }],
    ['name', { name: 'x'.repeat(256) }],
    ['totalQuantity', { totalQuantity: undefined }],
    ['totalQuantity', { totalQuantity: '10' }],
    ['totalQuantity', { totalQuantity: 0 }],
    ['totalQuantity', { totalQuantity: -5 }],
    ['totalQuantity', { totalQuantity: 1.5 }],
    ['totalQuantity', { totalQuantity: 10_000_001 }],
    ['totalQuantity', { totalQuantity: 2 ** 53 }],
    ['discountRate', { discountRate: 0 }],
    ['discountRate', { discountRate: 101 }],
    ['discountRate', { discountRate: 12.5 }],
    ['discountRate', { discountRate: '50' }],
    ['discountAmount', { discountRate: undefined, discountAmount: 0 }],
    ['discountAmount', { discountRate: undefined, discountAmount: -1 }],
    ['discountAmount', { discountRate: undefined, discountAmount: 0.5 }],
    ['discountAmount', { discountRate: undefined, discountAmount: 2 ** 53 }],
    ['discountAmount', { discountAmount: 1000 }],
    ['discountAmount', { discountRate: undefined }],
    ['discountAmount', { discountRate: null, discountAmount: null }],
    ['startsAt', { startsAt: undefined }],
    ['startsAt', { startsAt: 'tomorrow' }],
    ['startsAt', { startsAt: 1_763_600_000_000 }],
    ['startsAt', { startsAt: '2026-11-20T18:00:00' }],
    ['startsAt', { startsAt: '2026-02-30T18:00:00Z' }],
    ['expiresAt', { expiresAt: undefined }],
    ['expiresAt', { expiresAt: '2026-11-20' }],
    ['expiresAt', { startsAt: inDays(2), expiresAt: inDays(1) }],
    ['expiresAt', { startsAt: DEFINITION.expiresAt }],
    ['expiresAt', { startsAt: inDays(-3), expiresAt: inDays(-2) }],
    ['isActive', { isActive: 'true' }],
    ['isActive', { isActive: 1 }],
    ['audience', { audience: 'everyone' }],
    ['audience', { audience: true }],
    ['codeFormat', { codeFormat: 'numeric' }],
    ['strategy', { strategy: 'optimistic' }],
    ['entry', { entry: 'closed' }],
    ['entryOpensAt', { entry: 'ticket', entryOpensAt: 'early' }],
    ['entryOpensAt', { entry: 'ticket', entryOpensAt: inDays(0) }],
    ['entrySpreadSeconds', { entrySpreadSeconds: -1 }],
    ['entrySpreadSeconds', { entrySpreadSeconds: 601 }],
    ['entrySpreadSeconds', { entrySpreadSeconds: 1.5 }],
    ['challenge', { challenge: 'captcha' }],
    ['challenge', { entry: 'ticket', challenge: 'turnstile' }],
    ['entrySeed', { entrySeed: 'x' }],
    ['couponId', { couponId: 7 }],
    ['issuedQuantity', { issuedQuantity: 0 }],
    ['constructor', { constructor: {} }],
  ])('is refused when %s is wrong: %j', async (path, change) => {
    await invalid(await sendAsAdmin('POST', '/api/coupons', { ...DEFINITION, ...change }), path);
  });

  it('is refused with "__proto__" as a field', async () => {
    const body = `${JSON.stringify(DEFINITION).slice(0, -1)},"__proto__":{"isActive":true}}`;
    await refused(await send('POST', '/api/coupons', { ...ADMIN, ...JSON_TYPE }, body), 400, 'VALIDATION_FAILED');
  });

  it('is told everything that is wrong with it at once', async () => {
    const answer = await sendAsAdmin('POST', '/api/coupons', { name: '', totalQuantity: 0, colour: 'red' });
    const { errors } = await refused(answer, 400, 'VALIDATION_FAILED');
    const paths = errors?.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['name', 'totalQuantity', 'startsAt', 'expiresAt', 'colour']));
  });
});

describe('a change', () => {
  it.each<[string, object]>([
    ['body', {}],
    ['body', { name: null, isActive: null }],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(300) }],
    ['name', { name: 7 }],
    ['isActive', { isActive: 'no' }],
    ['totalQuantity', { totalQuantity: 0 }],
    ['totalQuantity', { totalQuantity: 10_000_001 }],
    ['totalQuantity', { totalQuantity: 1.5 }],
    ['startsAt', { startsAt: 'soon' }],
    ['expiresAt', { expiresAt: '' }],
    ['expiresAt', { startsAt: inDays(3), expiresAt: inDays(2) }],
    ['expiresAt', { startsAt: inDays(400) }],
    ['expiresAt', { expiresAt: inDays(-400) }],
    ['discountRate', { discountRate: 10 }],
    ['strategy', { isActive: true, strategy: 'lock' }],
    ['entry', { entry: true }],
    ['entryOpensAt', { entryOpensAt: inDays(0.5) }],
    ['entrySpreadSeconds', { entrySpreadSeconds: '10' }],
    ['challenge', { challenge: 'turnstile' }],
  ])('is refused when %s is wrong: %j', async (path, body) => {
    await invalid(await sendAsAdmin('PATCH', '/api/coupons/:couponId', body), path);
  });
});

describe('an id', () => {
  const paths: Array<[string, string]> = [
    ['reserve', '/api/coupons/:couponId/reserve'],
    ['issue', '/api/coupons/:couponId/issue'],
  ];

  it.each(paths)('in the body of %s is a whole number below 2^53', async (_name, path) => {
    for (const id of BAD_IDS) {
      await invalid(await send('POST', path, JSON_TYPE, `{"userId":${id}}`), 'userId');
    }
    const other = `{"userId":7,"couponId":${couponId + 1}}`;
    await invalid(await send('POST', path, JSON_TYPE, other), 'couponId');
    const quoted = `{"userId":7,"couponId":"${couponId}"}`;
    await invalid(await send('POST', path, JSON_TYPE, quoted), 'couponId');
  });

  it.each(paths)('in the body of the short form of %s as well', async (_name, path) => {
    const short = path.replace('/:couponId', '');
    for (const id of BAD_IDS) {
      await invalid(await send('POST', short, JSON_TYPE, `{"couponId":${couponId},"userId":${id}}`), 'userId');
      await invalid(await send('POST', short, JSON_TYPE, `{"couponId":${id},"userId":7}`), 'couponId');
    }
    await invalid(await send('POST', short, JSON_TYPE, '{"userId":7}'), 'couponId');
    await invalid(await send('POST', short, JSON_TYPE, `{"couponId":${couponId}}`), 'userId');
  });

  it.each<[string, string, string, object?]>([
    ['GET', '/api/coupons/:couponId', 'couponId'],
    ['PATCH', '/api/coupons/:couponId', 'couponId', { isActive: true }],
    ['POST', '/api/coupons/:couponId/reserve', 'couponId', { userId: 7 }],
    ['POST', '/api/coupons/:couponId/issue', 'couponId', { userId: 7 }],
    ['POST', '/api/coupons/:couponId/entry-tickets', 'couponId', { userId: 7 }],
    ['GET', '/api/coupons/:couponId/reservations/7', 'couponId'],
    ['GET', '/api/coupons/42/reservations/:userId', 'userId'],
    ['GET', '/api/users/:userId/coupons', 'userId'],
    ['POST', '/coupons/:userId/issue-async?couponId=42', 'userId'],
    ['POST', '/coupons/7/issue-async?couponId=:couponId', 'couponId'],
    ['GET', '/api/coupons/:couponId/audit', 'couponId'],
    ['POST', '/api/coupons/:couponId/rebuild', 'couponId'],
    ['GET', '/api/coupons/:couponId/failures', 'couponId'],
    ['GET', '/api/coupons/:couponId/user-coupons', 'couponId'],
    ['GET', '/api/coupons/:couponId/user-coupons.csv', 'couponId'],
    ['GET', '/api/coupons/42/user-coupons?userId=:userId', 'userId'],
    ['POST', '/api/coupons/:couponId/failures/7/retry', 'couponId'],
    ['POST', '/api/coupons/42/failures/:failureId/retry', 'failureId'],
  ])('in %s %s is a whole number below 2^53', async (...[method, template, name, json]) => {
    const headers = json === undefined ? ADMIN : { ...ADMIN, ...JSON_TYPE };
    const body = json === undefined ? undefined : JSON.stringify(json);
    for (const id of BAD_ID_TEXTS) {
      await invalid(await send(method, template.replace(`:${name}`, id), headers, body), name);
    }
  });

  it('in the body of entry-tickets as well, where a coupon that is open gives none', async () => {
    const path = '/api/coupons/:couponId/entry-tickets';
    for (const id of BAD_IDS) await invalid(await send('POST', path, JSON_TYPE, `{"userId":${id}}`), 'userId');
    await invalid(await send('POST', path, JSON_TYPE, '{"userId":7,"couponId":42}'), 'couponId');
    await invalid(await send('POST', path, JSON_TYPE, '{"userId":7,"challengeResponse":7}'), 'challengeResponse');
    await invalid(await send('POST', path, JSON_TYPE, '{"userId":7}'), 'couponId');
  });

  it('is needed by issue-async', async () => {
    await invalid(await send('POST', '/coupons/7/issue-async', {}), 'couponId');
    await invalid(await send('POST', '/coupons/7/issue-async?couponId=', {}), 'couponId');
    await invalid(await send('POST', '/coupons/7/issue-async?couponId=1&couponId=2', {}), 'couponId');
  });
});

describe('a list', () => {
  const lists: Array<[string]> = [
    ['/api/coupons'],
    ['/api/users/7/coupons'],
    ['/api/coupons/:couponId/failures'],
    ['/api/coupons/:couponId/user-coupons'],
  ];

  it.each(lists)('%s has a limit of 1 to 100', async (path) => {
    for (const limit of BAD_LIMITS) {
      await invalid(await send('GET', `${path}?limit=${limit}`, ADMIN), 'limit');
    }
  });

  it.each(lists)('%s takes no cursor but its own', async (path) => {
    for (const cursor of BAD_CURSORS) {
      await invalid(await send('GET', `${path}?cursor=${cursor}`, ADMIN), 'cursor');
    }
  });

  it('of user coupons has four states', async () => {
    for (const status of ['available', 'ISSUED', '', 'USED&status=EXPIRED']) {
      await invalid(await send('GET', `/api/users/7/coupons?status=${status}`, {}), 'status');
      await invalid(await send('GET', `/api/coupons/:couponId/user-coupons?status=${status}`, ADMIN), 'status');
    }
  });
});

describe('a search for coupons', () => {
  it('has five states', async () => {
    for (const status of ['open', 'AVAILABLE', '', 'OPEN&status=PAUSED'])
      await invalid(await send('GET', `/api/coupons?status=${status}`, {}), 'status');
  });

  it('is for something that can be seen, of up to 255 characters', async () => {
    for (const q of ['', '%20', '%00', '%E2%80%AE', 'x'.repeat(256), 'a&q=b'])
      await invalid(await send('GET', `/api/coupons?q=${q}`, {}), 'q');
  });
});

describe('a body', () => {
  const calls: Array<[string, string]> = [
    ['POST', '/api/coupons'],
    ['PATCH', '/api/coupons/:couponId'],
    ['POST', '/api/coupons/:couponId/reserve'],
    ['POST', '/api/coupons/reserve'],
    ['POST', '/api/coupons/:couponId/issue'],
    ['POST', '/api/coupons/issue'],
  ];

  it.each(calls)('of %s %s must be there', async (method, path) => {
    await invalid(await send(method, path, ADMIN), 'body');
    await invalid(await send(method, path, { ...ADMIN, ...JSON_TYPE }), 'body');
    await invalid(await send(method, path, { ...ADMIN, ...JSON_TYPE }, ''), 'body');
  });

  it.each(calls)('of %s %s must be a JSON object', async (method, path) => {
    for (const body of ['null', '[]', '"text"', '7', 'true', '[{"userId":7}]']) {
      await refused(await send(method, path, { ...ADMIN, ...JSON_TYPE }, body), 400, 'VALIDATION_FAILED');
    }
    for (const body of ['{', '{"userId":7', "{'userId':7}", '{"userId":7,}', 'userId=7', '\u0000']) {
      await refused(await send(method, path, { ...ADMIN, ...JSON_TYPE }, body), 400, 'MALFORMED_JSON');
    }
  });

  it.each(calls)('of %s %s must say that it is JSON', async (method, path) => {
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'nonsense']) {
      const headers = { ...ADMIN, 'content-type': type };
      await refused(await send(method, path, headers, '{"userId":7}'), 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
  });

  it.each(calls)('of %s %s is at most 64 KiB long', async (method, path) => {
    const body = JSON.stringify({ userId: 7, name: 'x'.repeat(200 * 1024) });
    await refused(await send(method, path, { ...ADMIN, ...JSON_TYPE }, body), 413, 'BODY_TOO_LARGE');
  });

  it.each(calls)('of %s %s has no unknown fields', async (method, path) => {
    const body = JSON.stringify({ userId: 7, quantity: 2 });
    await invalid(await send(method, path, { ...ADMIN, ...JSON_TYPE }, body), 'quantity');
  });
});

describe('an admin call', () => {
  it.each<[string, string, object?]>([
    ['POST', '/api/coupons', DEFINITION],
    ['PATCH', '/api/coupons/:couponId', { isActive: false }],
    ['GET', '/api/coupons/:couponId/audit'],
    ['POST', '/api/coupons/:couponId/rebuild'],
    ['GET', '/api/coupons/:couponId/failures'],
    ['GET', '/api/coupons/:couponId/user-coupons'],
    ['GET', '/api/coupons/:couponId/user-coupons.csv'],
    ['POST', '/api/coupons/:couponId/failures/7/retry'],
  ])('%s %s needs the token', async (...[method, path, body]) => {
    for (const token of TOKENS) {
      const headers = {
        ...(token !== undefined && { authorization: token }),
        ...(body !== undefined && JSON_TYPE),
      };
      const json = body === undefined ? undefined : JSON.stringify(body);
      await refused(await send(method, path, headers, json), 401, 'UNAUTHENTICATED');
    }
  });
});

describe('what is not there', () => {
  it.each<[string, string, string, object?]>([
    ['GET', '/api/coupons/9007199254740991', 'COUPON_NOT_FOUND'],
    ['PATCH', '/api/coupons/9007199254740991', 'COUPON_NOT_FOUND', { isActive: true }],
    ['POST', '/api/coupons/9007199254740991/reserve', 'COUPON_NOT_FOUND', { userId: 7 }],
    ['POST', '/api/coupons/reserve', 'COUPON_NOT_FOUND', { couponId: Number.MAX_SAFE_INTEGER, userId: 7 }],
    ['POST', '/api/coupons/9007199254740991/issue', 'COUPON_NOT_FOUND', { userId: 7 }],
    ['POST', '/api/coupons/issue', 'COUPON_NOT_FOUND', { couponId: Number.MAX_SAFE_INTEGER, userId: 7 }],
    ['POST', '/coupons/7/issue-async?couponId=9007199254740991', 'COUPON_NOT_FOUND'],
    ['GET', '/api/coupons/9007199254740991/audit', 'COUPON_NOT_FOUND'],
    ['POST', '/api/coupons/9007199254740991/rebuild', 'COUPON_NOT_FOUND'],
    ['GET', '/api/coupons/9007199254740991/failures', 'COUPON_NOT_FOUND'],
    ['GET', '/api/coupons/9007199254740991/user-coupons', 'COUPON_NOT_FOUND'],
    ['GET', '/api/coupons/9007199254740991/user-coupons.csv', 'COUPON_NOT_FOUND'],
    ['POST', '/api/coupons/9007199254740991/failures/1/retry', 'COUPON_NOT_FOUND'],
    ['POST', '/api/coupons/:couponId/failures/9007199254740991/retry', 'FAILURE_NOT_FOUND'],
    ['GET', '/api/coupons/:couponId/reservations/9007199254740991', 'RESERVATION_NOT_FOUND'],
    ['GET', '/api/nothing', 'ROUTE_NOT_FOUND'],
    ['DELETE', '/api/coupon/:couponId', 'ROUTE_NOT_FOUND'],
    ['POST', '/api/nothing', 'ROUTE_NOT_FOUND', { userId: 7 }],
  ])('%s %s is 404', async (...[method, path, code, body]) => {
    const headers = body === undefined ? ADMIN : { ...ADMIN, ...JSON_TYPE };
    const json = body === undefined ? undefined : JSON.stringify(body);
    await refused(await send(method, path, headers, json), 404, code);
  });
});
