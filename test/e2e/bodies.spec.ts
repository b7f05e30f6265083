import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { RawConnection } from '../support/raw-connection.js';
import { Shop } from '../support/shop.js';
import { inDays } from '../support/times.js';

/** What is in a body and a header besides its meaning: bytes, character sets, and text that nobody can see. */

const HEADERS = { authorization: 'Bearer local-admin', 'content-type': 'application/json' };
const KOREAN = Buffer.from([0xc4, 0xed, 0xc6, 0xf9]); // "쿠폰" in the Korean code page
const LATIN_1 = Buffer.from([0x52, 0xe9, 0x62]); // "Réb"

let app: AppProcess;
let database: TestDatabase;
let shop: Shop;

beforeAll(async () => {
  app = await startApp({ waitFor: '/health/ready' });
  database = openDatabase();
  shop = new Shop(new ApiClient(app.url), database);
});

function definition(name: string): string {
  const window = { startsAt: inDays(-1), expiresAt: inDays(1) };
  return JSON.stringify({ name, totalQuantity: 1, discountRate: 5, audience: 'anyone', ...window });
}

/** A body in which the bytes stand for NAME. */
function withBytes(body: string, bytes: Buffer): Buffer {
  const [before = '', after = ''] = body.split('NAME');
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
}

async function create(body: string | Buffer, headers: Record<string, string> = HEADERS) {
  const response = await fetch(`${app.url}/api/coupons`, {
    method: 'POST',
    headers,
    body: new Uint8Array(Buffer.from(body)),
  });
  return {
    status: response.status,
    body: (await response.json()) as { code?: string; name?: string; couponId?: number },
  };
}

async function coupons(): Promise<unknown> {
  return await database.row('SELECT COUNT(*) AS size, MAX(id) AS last FROM coupons');
}

describe('a body', () => {
  it.each([
    ['in the Korean code page', withBytes(definition('NAME'), KOREAN)],
    ['in Latin-1', withBytes(definition('NAME'), LATIN_1)],
    ['with a character that is cut off', withBytes(definition('NAME'), Buffer.from('쿠').subarray(0, 2))],
    ['with half a surrogate pair', definition('NAME').replace('NAME', '\\ud83c')],
    ['with two halves in the wrong order', definition('NAME').replace('NAME', '\\udf81\\ud83c')],
    ['with half a surrogate pair as the name of a field', definition('NAME').replace('"name"', '"\\ud83c"')],
  ])('%s is 400 MALFORMED_JSON, and nothing is stored', async (_name, body) => {
    const before = await coupons();
    expect(await create(body)).toMatchObject({ status: 400, body: { code: 'MALFORMED_JSON' } });
    expect(await coupons()).toEqual(before);
  });

  it.each([
    ['escaped', '\\ud83c\\udf81 \\uAC00', '🎁 가'],
    ['as it is', '🎁 가', '🎁 가'],
    ['that only looks like half of one', '\\\\ud83c', '\\ud83c'],
  ])('may have a surrogate pair %s', async (_name, written, name) => {
    const { status, body } = await create(definition('NAME').replace('NAME', () => written));
    expect({ status, name: body.name }).toEqual({ status: 201, name });
  });

  it.each([
    'application/json; charset=euc-kr',
    'application/json;charset="ISO-8859-1"',
    'application/json; charset=utf-16',
  ])('that says it is %s is 415', async (type) => {
    const before = await coupons();
    const answer = await create(definition('A name'), { ...HEADERS, 'content-type': type });
    expect(answer).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    expect(await coupons()).toEqual(before);
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json; x=y; charset=utf8',
  ])('that says it is %s is taken', async (type) => {
    expect((await create(definition('A name'), { ...HEADERS, 'content-type': type })).status).toBe(201);
  });
});

describe('a call without a body', () => {
  const EMPTY = '0\r\n\r\n';
  const ONE_BYTE = '1\r\n{\r\n0\r\n\r\n';

  it.each([
    ['no content type', ''],
    ['a content type that is not JSON', 'content-type: application/x-www-form-urlencoded\r\n'],
    ['JSON', 'content-type: application/json\r\n'],
  ])('that a proxy sends on in chunks, with %s, is taken', async (_name, type) => {
    expect((await rebuild(type, EMPTY))?.status).toBe(200);
  });

  it('that has one after all, of an unknown type, is 415', async () => {
    const answer = await rebuild('', ONE_BYTE);
    expect(answer?.status).toBe(415);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });
});

const INVISIBLE: ReadonlyArray<[string, string]> = [
  ['zero-width spaces', '\u200b\u200b'],
  ['a word joiner and a soft hyphen', '\u2060\u00ad'],
  ['a Hangul filler', '\u3164'],
  ['the empty Braille pattern', '\u2800'],
  ['no-break and ideographic spaces', '\u00a0\u3000'],
  ['NUL', 'A\u0000B'],
  ['a line feed', 'A\nB'],
  ['an escape', 'A\u001b[31mB'],
  ['a control of C1', 'A\u0085B'],
  ['an override of the direction of text', 'A\u202eB'],
  ['an isolate', 'A\u2066B'],
];

describe('a name', () => {
  it.each(INVISIBLE)('of %s is 400, at creation and in a change', async (_name, name) => {
    const { couponId } = await shop.api.createCoupon({ name: 'As it was' });
    const before = await coupons();
    const refused = {
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'name', message: expect.stringContaining('visible') }],
    };

    expect(await create(definition(name))).toMatchObject({ status: 400, body: refused });
    expect(await shop.api.patchCoupon(couponId, { name })).toMatchObject({ status: 400, body: refused });
    expect(await coupons()).toEqual(before);
    expect((await shop.api.coupon(couponId)).body.name).toBe('As it was');
  });

  it.each(['Café & 쿠폰', 'A family: 👨‍👩‍👧', 'שלום', 'Weiß', 'ก็'])('%s is taken as it is', async (name) => {
    const { status, body } = await create(definition(name));
    expect({ status, name: body.name }).toEqual({ status: 201, name });
  });
});

describe('an idempotency key', () => {
  it.each(INVISIBLE)('of %s is 400, and nothing is charged', async (_name, idempotencyKey) => {
    const userId = await shop.user(0);
    const answer = await shop.charge(userId, { amount: 1, idempotencyKey });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: 'idempotencyKey' }] } });
    expect(await shop.balanceOf(userId)).toBe(0);
  });

  it('in the header is UTF-8, as in the body: the same text is the same key', async () => {
    const userId = await shop.user(0);
    expect(await chargeWithHeader(userId, Buffer.from('열쇠 é'))).toBe(200);
    expect((await shop.charge(userId, { amount: 100, idempotencyKey: '열쇠 é' })).status).toBe(200);
    expect(await shop.balanceOf(userId)).toBe(100);
  });

  it('in the header that is not UTF-8 is 400, so that two keys never become one', async () => {
    const userId = await shop.user(0);
    expect(await chargeWithHeader(userId, KOREAN)).toBe(400);
    expect(await chargeWithHeader(userId, LATIN_1)).toBe(400);
    expect(await shop.balanceOf(userId)).toBe(0);
  });
});

describe('what may be kept', () => {
  it.each([
    ['GET', '/api/coupons', 200],
    ['GET', '/api/coupons/999999999', 404],
    ['GET', '/api/products/ranking/top', 200],
    ['GET', '/health/live', 200],
    ['GET', '/health/ready', 200],
    ['GET', '/metrics', 200],
    ['GET', '/nothing', 404],
    ['GET', '/%zz', 400],
    ['DELETE', '/api/coupons', 405],
    ['POST', '/api/coupons', 401],
    ['POST', '/api/coupons/reserve', 400],
  ])('%s %s says that nothing of its answer may be', async (method, path, status) => {
    const response = await fetch(app.url + path, { method });
    expect({ status: response.status, control: response.headers.get('cache-control') }).toEqual({
      status,
      control: 'no-store',
    });
  });

  it('is the document of the API: written once, compressed, and not sent to who has it', async () => {
    const plain = await fetch(`${app.url}/docs-json`, { headers: { 'accept-encoding': 'identity' } });
    const text = await plain.text();
    const etag = plain.headers.get('etag') ?? '';
    expect(JSON.parse(text)).toMatchObject({ openapi: '3.1.0' });
    expect(plain.headers.get('cache-control')).toBe('no-cache');

    const connection = await RawConnection.open(app.port);
    connection.send(
      'GET /docs-json HTTP/1.1\r\nhost: a\r\naccept-encoding: br, gzip;q=0.5\r\nconnection: close\r\n\r\n',
    );
    const [zipped] = await connection.allAnswers();
    expect(zipped?.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding', etag });
    expect(Number(zipped?.headers['content-length'])).toBeLessThan(text.length / 5);

    for (const known of [etag, `W/${etag}`, `"another", ${etag}`]) {
      const again = await fetch(`${app.url}/docs-json`, { headers: { 'if-none-match': known } });
      expect({ status: again.status, body: await again.text() }).toEqual({ status: 304, body: '' });
    }
    const refused = await fetch(`${app.url}/docs-json`, { headers: { 'accept-encoding': 'gzip;q=0' } });
    expect(refused.headers.get('content-encoding')).toBeNull();
  });
});

/** Asks for a rebuild, which takes no body, with one that is sent in chunks. */
async function rebuild(type: string, chunks: string) {
  const { couponId } = await shop.api.createCoupon();
  const connection = await RawConnection.open(app.port);
  connection.send(
    `POST /api/coupons/${couponId}/rebuild HTTP/1.1\r\nhost: a\r\nauthorization: Bearer local-admin\r\n` +
      `connection: close\r\n${type}transfer-encoding: chunked\r\n\r\n${chunks}`,
  );
  return (await connection.allAnswers())[0];
}

/** Over a socket: fetch refuses most of these headers itself. */
async function chargeWithHeader(userId: number, key: Buffer) {
  const body = '{"amount":100}';
  const connection = await RawConnection.open(app.port);
  connection.send(
    `POST /api/users/${userId}/balance/charge HTTP/1.1\r\nhost: a\r\nconnection: close\r\n`,
    `content-type: application/json\r\ncontent-length: ${body.length}\r\nidempotency-key: `,
    key,
    `\r\n\r\n${body}`,
  );
  return (await connection.allAnswers())[0]?.status;
}
