import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import type { TestDatabase } from '../support/database.js';
import { type OwnServers, openOwnServers } from '../support/own-servers.js';
import { plantHolders } from '../support/planted-holders.js';
import { eventually } from '../support/poll.js';
import { TcpProxy } from '../support/tcp-proxy.js';

/** GET /api/coupons/{couponId}/user-coupons.csv: all who hold a coupon, however many they are. */

/** Far more than connections hold that nobody reads, and than a small heap holds as objects. */
const MANY = 400_000;
const HEAD = 'userCouponId,userId,sequenceNumber,code,status,issuedAt,usedAt,revokedAt,expiresAt';
/** In MB: enough for the application, and for a few thousand rows. */
const SMALL_HEAP = '--max-old-space-size=128';
const LINE_FEED = 10;
/** The connection was reset, while somebody read or before. */
const BROKEN_OFF = expect.stringMatching(/^(ECONNRESET|ERR_STREAM_PREMATURE_CLOSE)$/);
/** What is cut early in it has time to end. */
const SHUTDOWN_MS = '20000';

let own: OwnServers;
let database: TestDatabase;
let proxy: TcpProxy;
let app: AppProcess;
let api: ApiClient;
let large: number;

beforeAll(async () => {
  own = await openOwnServers('export');
  ({ database } = own);
  proxy = await TcpProxy.inFrontOf(own.servers.databaseUrl);
  app = await start();
  api = new ApiClient(() => app.url);
  large = await heldCoupon(MANY);
});

function start(): Promise<AppProcess> {
  const servers = { DATABASE_URL: proxy.url, REDIS_URL: own.servers.redisUrl };
  const env = { ...servers, NODE_OPTIONS: SMALL_HEAP, HTTP_SHUTDOWN_TIMEOUT_MS: SHUTDOWN_MS };
  return startApp({ env, waitFor: '/health/ready' });
}

/** A coupon of which this many are issued; nobody has asked for them. */
async function heldCoupon(count: number): Promise<number> {
  const { couponId } = await api.createCoupon({ strategy: 'lock', totalQuantity: Math.max(1, count) });
  if (count > 0) await plantHolders(database, couponId, count);
  return couponId;
}

function pathOf(couponId: number): string {
  return `${app.url}/api/coupons/${couponId}/user-coupons.csv`;
}

/** The answer when its head is there; its body is read by whoever wants it, and waits until then. */
async function open(couponId: number): Promise<IncomingMessage> {
  const request = get(pathOf(couponId), { agent: false, headers: { authorization: 'Bearer local-admin' } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  // Whoever reads the answer hears of it, too.
  request.on('error', () => undefined);
  return response;
}

/** What is still to come of the body. @throws Error when it does not come to its end */
async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function linesOf(response: IncomingMessage): Promise<Array<Record<string, string>>> {
  return parse(await textOf(response), { bom: true, columns: true });
}

interface ExportTrace {
  readonly action: string;
  readonly actor: string;
  readonly outcome: string;
  readonly after: { readonly rows: number };
}

/** How the latest exports of the coupon ended, as the trace says it, once they have. */
function latestEnds(couponId: number, count: number): Promise<ExportTrace[]> {
  return eventually(async () => {
    const path = `/api/admin/actions?couponId=${couponId}&limit=${count}`;
    const { actions } = (await api.call<{ actions: ExportTrace[] }>(path, { isAdmin: true })).body;
    const ended = { action: 'user-coupons.export', outcome: expect.stringMatching(/DONE|FAILED/) };
    expect(actions).toEqual(Array.from({ length: count }, () => expect.objectContaining(ended)));
    return actions;
  });
}

describe('the file of a coupon', () => {
  it('has a mark of UTF-8 and a head, a line for each holder, and a name', async () => {
    const couponId = await heldCoupon(1_001);
    await database.change("UPDATE user_coupons SET code = '행운' WHERE coupon_id = ? AND sequence_number = 1", [
      couponId,
    ]);
    await database.change('UPDATE user_coupons SET used_at = issued_at WHERE coupon_id = ? AND sequence_number = 2', [
      couponId,
    ]);
    const response = await open(couponId);
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="user-coupons-${couponId}.csv"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const text = await textOf(response);
    expect(text.startsWith(`\uFEFF${HEAD}\r\n`)).toBe(true);
    const lines: Array<Record<string, string>> = parse(text, { bom: true, columns: true });
    expect(lines.map(({ sequenceNumber }) => Number(sequenceNumber))).toEqual(
      Array.from({ length: 1_001 }, (_, index) => index + 1),
    );
    expect(lines[0]).toMatchObject({ code: '행운', status: 'AVAILABLE', usedAt: '', revokedAt: '' });
    expect(lines[1]).toMatchObject({ code: '', status: 'USED', usedAt: '2026-01-01T00:00:00.000Z' });
    expect(await latestEnds(couponId, 1)).toMatchObject([{ actor: 'token', outcome: 'DONE', after: { rows: 1_001 } }]);
  });

  it('runs nothing in a spreadsheet', async () => {
    const couponId = await heldCoupon(6);
    const codes = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'];
    for (const [index, code] of codes.entries()) {
      const row = [code, couponId, index + 1];
      await database.change('UPDATE user_coupons SET code = ? WHERE coupon_id = ? AND sequence_number = ?', row);
    }
    const lines = await linesOf(await open(couponId));
    expect(lines.map(({ code }) => code)).toEqual(codes.map((code) => `'${code}`));
  });

  it('is a head alone where nobody holds any, and 404 where there is no coupon', async () => {
    expect(await textOf(await open(await heldCoupon(0)))).toBe(`\uFEFF${HEAD}\r\n`);
    const unknown = await open(Number.MAX_SAFE_INTEGER);
    expect([unknown.statusCode, unknown.headers['content-disposition']]).toEqual([404, undefined]);
    expect(JSON.parse(await textOf(unknown))).toMatchObject({ code: 'COUPON_NOT_FOUND' });
  });

  it('is not read for whoever asks for its head', async () => {
    const headers = { authorization: 'Bearer local-admin' };
    const response = await fetch(pathOf(large), { method: 'HEAD', headers });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    expect(await latestEnds(large, 1)).toMatchObject([{ outcome: 'DONE', after: { rows: 0 } }]);
  });
});

describe(`the file of ${MANY.toLocaleString('en')} holders`, () => {
  it('comes whole out of a small heap', async () => {
    let lines = 0;
    for await (const chunk of await open(large)) {
      for (const byte of chunk as Buffer) if (byte === LINE_FEED) lines += 1;
    }
    expect(lines).toBe(MANY + 1);
    expect(await latestEnds(large, 1)).toMatchObject([{ outcome: 'DONE', after: { rows: MANY } }]);
  });

  it('is read no further when the client hangs up, also when there are several', async () => {
    const responses = await Promise.all([1, 2, 3].map(() => open(large)));
    for (const response of responses) {
      await once(response, 'readable');
      response.destroy();
    }
    for (const { outcome, after } of await latestEnds(large, 3)) {
      expect(outcome).toBe('FAILED');
      expect(after.rows).toBeLessThan(MANY);
    }
  });

  it('does not look whole when the database is lost in the middle', async () => {
    const response = await open(large);
    await once(response, 'readable');
    await proxy.refuse();
    await expect(textOf(response)).rejects.toMatchObject({ code: BROKEN_OFF });
    await proxy.accept();
    // One: nobody has read on for those who have hung up.
    expect(app.logs.match(/the export of coupon \d+ is cut off after \d+/g)).toHaveLength(1);
  });

  it('does not look whole when the instance stops in the middle, and its end is noted', async () => {
    await app.isUp('/health/ready');
    const response = await open(large);
    await once(response, 'readable');
    expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await expect(textOf(response)).rejects.toMatchObject({ code: BROKEN_OFF });
    app = await start();
    expect(await latestEnds(large, 1)).toMatchObject([{ outcome: 'FAILED' }]);
  });
});
