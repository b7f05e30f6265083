import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { compressionGzip, createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import {
  CouponService,
  CreateCampaignRequestSchema,
  CreateCampaignResponseSchema,
  IssueCouponRequestSchema,
  IssueCouponResponseSchema,
} from '../../src/rpc/generated/coupon/v1/coupon_pb.js';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { Scrape } from '../support/metrics.js';
import { eventually } from '../support/poll.js';

/** What goes over the wire between the clients of the Go reference system and us, byte by byte. */

const START = '2025-06-25T09:00:00+09:00';
const BODY_LIMIT = 65_536;
const GRPC_WEB = 'application/grpc-web+proto';
const JSON_TYPE = { 'content-type': 'application/json' };
/** What every client takes for a limit that is not there, and what makes a call go the library's way. */
const LONG_LIMIT = { 'connect-timeout-ms': '60000' };

type Method = 'CreateCampaign' | 'GetCampaign' | 'IssueCoupon';
type Headers = Readonly<Record<string, string>>;

let app: AppProcess;
let api: ApiClient;
let database: TestDatabase;

beforeAll(async () => {
  app = await startApp({ waitFor: '/health/ready' });
  api = new ApiClient(app.url);
  database = openDatabase();
});

async function post(method: string, body: string | Uint8Array<ArrayBuffer>, headers: Headers = {}) {
  const response = await fetch(`${app.url}/coupon.v1.CouponService/${method}`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** What the reference system's clients look at. */
async function call(method: Method, body: unknown, headers: Headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { status, headers: answered, bytes } = await post(method, text, headers);
  expect(answered.get('content-type')).toBe('application/json');
  return { status, body: bytes.toString() };
}

async function newCampaign(fields: object = {}, headers: Headers = {}): Promise<number> {
  const definition = { name: 'x', couponLimit: 2, startTime: START, ...fields };
  const { status, body } = await call('CreateCampaign', definition, headers);
  expect({ status, body }).toEqual({ status: 200, body: expect.stringMatching(/^\{"campaignId":\d+\}$/) });
  return (JSON.parse(body) as { campaignId: number }).campaignId;
}

async function countCoupons(): Promise<unknown> {
  return await database.row('SELECT COUNT(*) AS count, MAX(id) AS last FROM coupons');
}

async function errorOf(work: Promise<unknown>): Promise<ConnectError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (error instanceof ConnectError) return error;
  throw new Error('the call was not refused', { cause: error });
}

/** How many calls were counted as this, of one method of the service or of all. */
async function countOf(statusClass: string, method?: Method): Promise<number> {
  const route = method && { route: `/coupon.v1.CouponService/${method}` };
  const labels = { method: 'POST', status_class: statusClass, ...route };
  return (await Scrape.of(app)).sum('firstcome_http_request_duration_seconds_count', labels);
}

/** A message in the envelope of gRPC-Web. */
function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return new Uint8Array(Buffer.concat([head, message]));
}

/** As often as a message may have them, but for a few. */
function repeated(bytes: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Array.from({ length: BODY_LIMIT / bytes.length - 32 }, () => bytes).flat());
}

function nested(): Uint8Array {
  const depth = BODY_LIMIT / 2 - 64;
  return Buffer.from('['.repeat(depth) + ']'.repeat(depth));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}

function binary<M extends DescMessage>(type: M, message: MessageInitShape<M>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(toBinary(type, create(type, message)));
}

describe.each([
  ['a message as it is', {}],
  ['a message with a time limit', LONG_LIMIT],
])('%s', (_name, way: Headers) => {
  it('is answered as the reference system answers it', async () => {
    const campaignId = await newCampaign({}, way);
    const ok = { status: 200, body: '{"message":"OK"}' };
    expect(await call('IssueCoupon', { campaignId, userId: 1001 }, way)).toEqual(ok);
    expect(await call('IssueCoupon', { campaignId, userId: 1002 }, way)).toEqual(ok);
    expect(await call('IssueCoupon', { campaignId, userId: 1001 }, way)).toEqual({
      status: 409,
      body: '{"code":"already_exists","message":"COUPON_ALREADY_CLAIMED"}',
    });
    expect(await call('IssueCoupon', { campaignId, userId: 1003 }, way)).toEqual({
      status: 400,
      body: '{"code":"failed_precondition","message":"COUPON_SOLD_OUT"}',
    });

    const time = '"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ"';
    const codes = '\\["[2-9가-힣]+","[2-9가-힣]+"\\]';
    await eventually(async () => {
      expect(await call('GetCampaign', { campaignId }, way)).toEqual({
        status: 200,
        body: expect.stringMatching(
          `^\\{"id":${campaignId},"name":"x","couponLimit":"2","currentCoupon":"2","startTime":"2025-06-25T00:00:00Z",` +
            `"createdAt":${time},"updatedAt":${time},"issuedCoupons":${codes}\\}$`,
        ),
      });
    });
    const rows = await database.userCoupons(campaignId);
    const { body } = await call('GetCampaign', { campaignId }, way);
    expect((JSON.parse(body) as { issuedCoupons: string[] }).issuedCoupons).toEqual(rows.map(({ code }) => code));
  });

  it('is refused as the reference system refuses it', async () => {
    const noRecord = { status: 404, body: '{"code":"not_found","message":"RECORD_NOT_FOUND"}' };
    expect(await call('GetCampaign', { campaignId: 2_147_483_647 }, way)).toEqual(noRecord);
    expect(await call('IssueCoupon', { campaignId: 2_147_483_647, userId: 1 }, way)).toEqual(noRecord);

    const campaignId = await newCampaign({ startTime: '2199-01-01T00:00:00Z' }, way);
    expect(await call('IssueCoupon', { campaignId, userId: 1 }, way)).toEqual({
      status: 400,
      body: '{"code":"failed_precondition","message":"CAMPAIGN_NOT_STARTED"}',
    });
  });

  it('may leave out zeros and empty texts, and the answer does', async () => {
    const campaignId = await newCampaign({}, way);
    const { body } = await call('GetCampaign', { campaignId }, way);
    expect(Object.keys(JSON.parse(body) as object)).toEqual([
      'id',
      'name',
      'couponLimit',
      'startTime',
      'createdAt',
      'updatedAt',
    ]);
  });

  it.each([
    ['int64 as a number', { couponLimit: 7 }],
    ['int64 as text', { couponLimit: '7' }],
    ['int64 with an exponent', { couponLimit: 0.7e1 }],
    ['snake_case', { couponLimit: undefined, coupon_limit: '7' }],
    ['unknown fields', { couponLimit: 7, colour: 'blue', 등급: { a: [1] } }],
  ])('may have %s', async (_what, fields) => {
    const campaignId = await newCampaign(fields, way);
    expect(JSON.parse((await call('GetCampaign', { campaignId }, way)).body)).toMatchObject({ couponLimit: '7' });

    const names = { campaign_id: String(campaignId), user_id: 7, colour: 'blue' };
    expect(await call('IssueCoupon', names, way)).toEqual({ status: 200, body: '{"message":"OK"}' });
    expect(await call('GetCampaign', { campaign_id: campaignId, x: null }, way)).toMatchObject({ status: 200 });
  });

  it.each<[string, Method, object | string, string]>([
    ['no JSON', 'CreateCampaign', '{"name":', 'JSON'],
    ['nothing', 'CreateCampaign', '', 'JSON'],
    ['a list', 'CreateCampaign', '[]', 'JSON'],
    [
      'a field twice',
      'CreateCampaign',
      '{"name":"x","name":"y","couponLimit":1,"startTime":"2025-06-25T00:00:00Z"}',
      '',
    ],
    ['no name', 'CreateCampaign', { couponLimit: 1, startTime: START }, 'name: '],
    ['an invisible name', 'CreateCampaign', { name: '\u200b', couponLimit: 1, startTime: START }, 'name: '],
    ['a number for a name', 'CreateCampaign', { name: 5, couponLimit: 1, startTime: START }, 'name'],
    ['half a surrogate pair', 'CreateCampaign', '{"name":"\\ud83c","couponLimit":1,"startTime":""}', 'name'],
    ['no stock', 'CreateCampaign', { name: 'x', startTime: START }, 'couponLimit: '],
    ['a stock below zero', 'CreateCampaign', { name: 'x', couponLimit: -1, startTime: START }, 'couponLimit: '],
    ['too large a stock', 'CreateCampaign', { name: 'x', couponLimit: '10000001', startTime: START }, 'couponLimit: '],
    ['a stock beyond int64', 'CreateCampaign', { name: 'x', couponLimit: '1e30', startTime: START }, 'coupon_limit'],
    ['a stock with a fraction', 'CreateCampaign', { name: 'x', couponLimit: 1.5, startTime: START }, 'coupon_limit'],
    ['no time', 'CreateCampaign', { name: 'x', couponLimit: 1 }, 'startTime: '],
    ['a bad time', 'CreateCampaign', { name: 'x', couponLimit: 1, startTime: 'tomorrow' }, 'startTime: '],
    [
      'a time without offset',
      'CreateCampaign',
      { name: 'x', couponLimit: 1, startTime: '2025-06-25T09:00:00' },
      'startTime: ',
    ],
    [
      'an end before the start',
      'CreateCampaign',
      { name: 'x', couponLimit: 1, startTime: '2099-01-01T00:00:00Z', expiresAt: '2098-01-01T00:00:00Z' },
      'expiresAt: must be later than startTime',
    ],
    [
      'two discounts',
      'CreateCampaign',
      { name: 'x', couponLimit: 1, startTime: START, discountRate: 5, discountAmount: 5 },
      'discountAmount: ',
    ],
    [
      'an unknown strategy',
      'CreateCampaign',
      { name: 'x', couponLimit: 1, startTime: START, strategy: 'luck' },
      'strategy: ',
    ],
    ['an id beyond int32', 'GetCampaign', { campaignId: 2_147_483_648 }, 'campaign_id'],
    ['no id', 'GetCampaign', {}, 'campaignId: '],
    ['an id below zero', 'GetCampaign', { campaignId: -1 }, 'campaignId: '],
    ['an id with a fraction', 'GetCampaign', { campaignId: 1.5 }, 'campaign_id'],
    ['a user beyond int32', 'IssueCoupon', { campaignId: 1, userId: 2_147_483_648 }, 'user_id'],
    ['no user', 'IssueCoupon', { campaignId: 1 }, 'userId: '],
    ['an id twice', 'IssueCoupon', { campaignId: 1, campaign_id: 2, userId: 1 }, 'campaign_id'],
  ])('with %s is invalid_argument, names what is wrong, and changes nothing', async (_what, method, body, named) => {
    const before = await countCoupons();
    const answer = await call(method, body, way);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toEqual({ code: 'invalid_argument', message: expect.stringContaining(named) });
    expect(await countCoupons()).toEqual(before);
  });

  it('that is not UTF-8 is invalid_argument', async () => {
    const [before = '', after = ''] = `{"name":"NAME","couponLimit":1,"startTime":"${START}"}`.split('NAME');
    const body = Buffer.concat([Buffer.from(before), Buffer.from([0xc4, 0xed, 0xc6, 0xf9]), Buffer.from(after)]);
    const { status, bytes } = await post('CreateCampaign', new Uint8Array(body), way);
    expect({ status, ...(JSON.parse(bytes.toString()) as object) }).toMatchObject({
      status: 400,
      code: 'invalid_argument',
    });
  });

  it('may be binary', async () => {
    const headers = { ...way, 'content-type': 'application/proto' };
    const definition = { name: '쿠폰', couponLimit: 2n, startTime: START };
    const created = await post('CreateCampaign', binary(CreateCampaignRequestSchema, definition), headers);
    expect(created.status).toBe(200);
    expect(created.headers.get('content-type')).toBe('application/proto');
    const { campaignId } = fromBinary(CreateCampaignResponseSchema, created.bytes);
    const issued = await post('IssueCoupon', binary(IssueCouponRequestSchema, { campaignId, userId: 5 }), headers);
    expect(issued.bytes).toEqual(Buffer.from(binary(IssueCouponResponseSchema, { message: 'OK' })));

    // Of an error the Connect protocol knows JSON alone.
    const again = await post('IssueCoupon', binary(IssueCouponRequestSchema, { campaignId, userId: 5 }), headers);
    expect(again.headers.get('content-type')).toBe('application/json');
    expect(again.bytes.toString()).toBe('{"code":"already_exists","message":"COUPON_ALREADY_CLAIMED"}');
    const cutOff = await post('CreateCampaign', Uint8Array.of(0x0a, 20, 0x61), headers);
    expect(cutOff.status).toBe(400);
    expect(JSON.parse(cutOff.bytes.toString())).toMatchObject({ code: 'invalid_argument' });
    const noText = await post('CreateCampaign', Uint8Array.of(0x0a, 2, 0xc4, 0xed), headers);
    expect(JSON.parse(noText.bytes.toString())).toMatchObject({ code: 'invalid_argument' });
  });

  it.each<[string, (campaignId: number) => Uint8Array<ArrayBuffer>, string]>([
    [
      'unknown fields in binary',
      (campaignId) => joined(binary(IssueCouponRequestSchema, { campaignId, userId: 5 }), repeated([0x78, 0x01])),
      'application/proto',
    ],
    [
      'an unknown field in JSON, nested',
      (campaignId) => joined(Buffer.from(`{"campaignId":${campaignId},"userId":5,"x":`), nested(), Buffer.from('}')),
      'application/json',
    ],
  ])('may be full of %s', async (_what, bytesFor, contentType) => {
    const campaignId = await newCampaign();
    const { status } = await post('IssueCoupon', bytesFor(campaignId), { ...way, 'content-type': contentType });
    expect(status).toBe(200);
  });

  it('that opens group in group is invalid_argument', async () => {
    const headers = { ...way, 'content-type': 'application/proto' };
    const { status, bytes } = await post('IssueCoupon', repeated([0x7b]), headers);
    expect({ status, ...(JSON.parse(bytes.toString()) as object) }).toMatchObject({
      status: 400,
      code: 'invalid_argument',
    });
  });

  it('has 64 KiB at most', async () => {
    const campaignId = await newCampaign({}, way);
    const message = JSON.stringify({ campaignId });
    expect(await call('GetCampaign', message.padEnd(BODY_LIMIT), way)).toMatchObject({ status: 200 });
    expect(await call('GetCampaign', message.padEnd(BODY_LIMIT + 1), way)).toEqual({
      status: 429,
      body: '{"code":"resource_exhausted","message":"BODY_TOO_LARGE"}',
    });
  });

  it('has the request id of the caller in its answer, whether it is accepted or refused', async () => {
    for (const body of ['{"campaignId":2147483647}', '{}']) {
      const { headers } = await post('GetCampaign', body, { ...way, 'x-request-id': 'mine-1' });
      expect(headers.get('x-request-id')).toBe('mine-1');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('a campaign', () => {
  it('is a coupon for anyone, with Hangul codes, 10 % off and open for 30 days', async () => {
    const startTime = '2199-01-01T00:00:00.250Z';
    const { body } = await api.coupon(await newCampaign({ name: ' Noon ', couponLimit: 3, startTime }));
    expect(body).toMatchObject({
      name: 'Noon',
      totalQuantity: 3,
      audience: 'anyone',
      codeFormat: 'hangul',
      strategy: 'reservation',
      discountRate: 10,
      discountAmount: null,
      isActive: true,
      startsAt: startTime,
      expiresAt: '2199-01-31T00:00:00.250Z',
    });
  });

  it('that has begun is open for 30 days from now', async () => {
    const before = Date.now();
    const { body } = await api.coupon(await newCampaign());
    const days = (Date.parse(body.expiresAt) - Date.parse(body.createdAt)) / 86_400_000;
    expect(days).toBeCloseTo(30, 2);
    expect(Date.parse(body.expiresAt)).toBeGreaterThanOrEqual(before + 30 * 86_400_000);
  });

  it('is what else the request says', async () => {
    const others = { audience: 'registered', codeFormat: 'alphanumeric', strategy: 'lock', isActive: false };
    const fields = { ...others, expiresAt: '2199-06-01T00:00:00Z', discountAmount: '5000' };
    const { body } = await api.coupon(await newCampaign(fields));
    expect(body).toMatchObject({
      ...others,
      expiresAt: '2199-06-01T00:00:00.000Z',
      discountAmount: 5000,
      discountRate: null,
    });
  });

  it('says when it was created and last changed', async () => {
    const campaignId = await newCampaign();
    await database.change("UPDATE coupons SET created_at = '2020-02-03 04:05:06.789' WHERE id = ?", [campaignId]);
    const createdAt = '2020-02-03T04:05:06Z';
    expect(JSON.parse((await call('GetCampaign', { campaignId })).body)).toMatchObject({
      createdAt,
      updatedAt: createdAt,
    });

    const inSeconds = Math.floor(Date.now() / 1000);
    expect((await api.patchCoupon(campaignId, { name: 'Another name' })).status).toBe(200);
    const changed = JSON.parse((await call('GetCampaign', { campaignId })).body) as Record<string, string>;
    expect(changed).toMatchObject({ name: 'Another name', createdAt });
    expect(Date.parse(changed['updatedAt'] ?? '') / 1000).toBeGreaterThanOrEqual(inSeconds);
  });

  it('shows its first 10,000 codes in the order of the sequence numbers, compressed for who takes that', async () => {
    const campaignId = await newCampaign({ couponLimit: 20_000 });
    const rows = Array.from({ length: 10_001 }, (_, index) => [
      campaignId,
      index + 1,
      10_001 - index,
      `C${10_001 - index}`,
    ]);
    await database.change(
      `INSERT INTO user_coupons (coupon_id, user_id, sequence_number, code, issued_at) VALUES ${rows
        .map(() => '(?, ?, ?, ?, NOW(3))')
        .join(', ')}`,
      rows.flat(),
    );
    await database.change('UPDATE coupons SET issued_quantity = 10001 WHERE id = ?', [campaignId]);

    const { headers, bytes } = await post('GetCampaign', JSON.stringify({ campaignId }), { 'accept-encoding': 'gzip' });
    expect(headers.get('content-encoding')).toBe('gzip');
    const { issuedCoupons, currentCoupon } = JSON.parse(bytes.toString()) as Record<string, unknown>;
    expect(issuedCoupons).toEqual(Array.from({ length: 10_000 }, (_, index) => `C${index + 1}`));
    expect(currentCoupon).toBe('10001');
  });

  it('without codes has none to show', async () => {
    const campaignId = await newCampaign({ codeFormat: 'none' });
    await call('IssueCoupon', { campaignId, userId: 1 });
    await eventually(async () => {
      const answer = JSON.parse((await call('GetCampaign', { campaignId })).body) as object;
      expect(answer).toMatchObject({ currentCoupon: '1' });
      expect(answer).not.toHaveProperty('issuedCoupons');
    });
  });
});

describe('a compressed message', () => {
  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ] as const)('by %s is read', async (encoding, compress) => {
    const campaignId = await newCampaign();
    const body = new Uint8Array(compress(JSON.stringify({ campaignId, userId: 5 })));
    const { status, bytes } = await post('IssueCoupon', body, { 'content-encoding': encoding });
    expect({ status, body: bytes.toString() }).toEqual({ status: 200, body: '{"message":"OK"}' });
  });

  it('by what we do not know is unimplemented, and the answer says what we do', async () => {
    const { status, headers, bytes } = await post('GetCampaign', '{}', { 'content-encoding': 'zstd' });
    expect(status).toBe(501);
    expect(headers.get('accept-encoding')).toBe('gzip,br');
    expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'unimplemented' });
  });

  it('that is none is invalid_argument', async () => {
    const { status, bytes } = await post('GetCampaign', '{"campaignId":1}', { 'content-encoding': 'gzip' });
    expect({ status, body: JSON.parse(bytes.toString()) }).toMatchObject({
      status: 400,
      body: { code: 'invalid_argument' },
    });
  });

  it('has 64 KiB at most when it is read', async () => {
    const bomb = new Uint8Array(gzipSync('{"campaignId":1}'.padEnd(100 * BODY_LIMIT)));
    expect(bomb.length).toBeLessThan(BODY_LIMIT);
    const { status, bytes } = await post('GetCampaign', bomb, { 'content-encoding': 'gzip' });
    expect({ status, body: JSON.parse(bytes.toString()) }).toMatchObject({
      status: 429,
      body: { code: 'resource_exhausted' },
    });
  });
});

describe('a time limit', () => {
  it('that is over before the call begins ends it, and nothing is reserved', async () => {
    const campaignId = await newCampaign();
    const { status, body } = await call('IssueCoupon', { campaignId, userId: 5 }, { 'connect-timeout-ms': '0' });
    expect(status).toBe(504);
    expect(JSON.parse(body)).toMatchObject({ code: 'deadline_exceeded' });
    expect((await api.audit(campaignId)).body).toMatchObject({ redis: { users: 0 }, database: { rows: 0 } });
  });

  it('that is none is invalid_argument', async () => {
    for (const limit of ['abc', '-1', '12345678901', '1.5']) {
      const { status, body } = await call('GetCampaign', { campaignId: 1 }, { 'connect-timeout-ms': limit });
      expect({ status, ...(JSON.parse(body) as object) }).toMatchObject({ status: 400, code: 'invalid_argument' });
    }
  });

  it('that is longer than anyone waits is none', async () => {
    const campaignId = await newCampaign();
    const limits = { 'connect-timeout-ms': '9999999999' };
    expect(await call('GetCampaign', { campaignId }, limits)).toMatchObject({ status: 200 });
    const message = framed(binary(IssueCouponRequestSchema, { campaignId, userId: 5 }));
    const { bytes } = await post('IssueCoupon', message, { 'content-type': GRPC_WEB, 'grpc-timeout': '99999999H' });
    expect(bytes.toString()).toContain('grpc-status: 0');
    expect(app.logs).not.toContain('TimeoutOverflowWarning');
  });
});

describe('what is no call of the service', () => {
  it('is refused with the methods that there are when it is a GET, as Connect has it for calls that change nothing', async () => {
    const query = `connect=v1&encoding=json&message=${encodeURIComponent('{"campaignId":1}')}`;
    for (const [method, name] of [
      ['GET', 'GetCampaign'],
      ['GET', 'Nope'],
      ['PUT', 'IssueCoupon'],
      ['OPTIONS', 'IssueCoupon'],
    ]) {
      const response = await fetch(`${app.url}/coupon.v1.CouponService/${name}?${query}`, { method: String(method) });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    }
  });

  it('is unimplemented when the method is not known', async () => {
    const { status, bytes } = await post('DeleteCampaign', '{}');
    expect(status).toBe(501);
    expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'unimplemented' });
    const { status: ofGrpcWeb, headers } = await post('DeleteCampaign', framed(new Uint8Array()), {
      'content-type': GRPC_WEB,
    });
    expect({ status: ofGrpcWeb, code: headers.get('grpc-status') }).toEqual({ status: 200, code: '12' });
  });

  it.each([
    'text/plain',
    'application/grpc',
    'application/grpc+proto',
    'application/connect+json',
    'application/grpc-web-text',
  ])('is a problem when it is sent as %s', async (contentType) => {
    const { status, headers, bytes } = await post('GetCampaign', '{"campaignId":1}', { 'content-type': contentType });
    expect(status).toBe(415);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(JSON.parse(bytes.toString())).toMatchObject({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      detail: expect.stringContaining('application/proto'),
    });
  });

  it('is a problem when it has no body and says nothing of it', async () => {
    const response = await fetch(`${app.url}/coupon.v1.CouponService/GetCampaign`, { method: 'POST' });
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 415,
      body: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });
});

describe.each<[string, (options: { baseUrl: string; httpVersion: '1.1' }) => Transport]>([
  ['Connect in binary', createConnectTransport],
  ['Connect in JSON', (options) => createConnectTransport({ ...options, useBinaryFormat: false })],
  [
    'Connect, compressed',
    (options) => createConnectTransport({ ...options, sendCompression: compressionGzip, compressMinBytes: 0 }),
  ],
  ['gRPC-Web in binary', createGrpcWebTransport],
  ['gRPC-Web in JSON', (options) => createGrpcWebTransport({ ...options, useBinaryFormat: false })],
  [
    'gRPC-Web, compressed and with a time limit',
    (options) =>
      createGrpcWebTransport({
        ...options,
        sendCompression: compressionGzip,
        compressMinBytes: 0,
        defaultTimeoutMs: 60_000,
      }),
  ],
])('a client of %s', (_name, transport) => {
  const client = () => createClient(CouponService, transport({ baseUrl: app.url, httpVersion: '1.1' }));

  it('creates, issues and looks', async () => {
    const { campaignId } = await client().createCampaign({ name: '정오 12:00', couponLimit: 2n, startTime: START });
    expect(await client().issueCoupon({ campaignId, userId: 5 })).toMatchObject({ message: 'OK' });
    await eventually(async () => {
      const campaign = await client().getCampaign({ campaignId });
      expect(campaign).toMatchObject({ id: campaignId, name: '정오 12:00', couponLimit: 2n, currentCoupon: 1n });
      expect(campaign.issuedCoupons).toHaveLength(1);
    });
  });

  it('hears why it is refused, and the id of its request', async () => {
    const { campaignId } = await client().createCampaign({ name: 'x', couponLimit: 1n, startTime: START });
    await client().issueCoupon({ campaignId, userId: 5 });

    const again = await errorOf(
      client().issueCoupon({ campaignId, userId: 5 }, { headers: { 'x-request-id': 'mine-2' } }),
    );
    expect({ code: again.code, message: again.rawMessage }).toEqual({
      code: Code.AlreadyExists,
      message: 'COUPON_ALREADY_CLAIMED',
    });
    expect(again.metadata.get('x-request-id')).toBe('mine-2');
    expect(await errorOf(client().issueCoupon({ campaignId, userId: 6 }))).toMatchObject({
      code: Code.FailedPrecondition,
      rawMessage: 'COUPON_SOLD_OUT',
    });
    expect(await errorOf(client().getCampaign({ campaignId: 2_147_483_647 }))).toMatchObject({
      code: Code.NotFound,
      rawMessage: 'RECORD_NOT_FOUND',
    });
    expect(await errorOf(client().createCampaign({ name: 'x', couponLimit: 0n, startTime: START }))).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining('couponLimit: '),
    });
  });
});

describe('a message in gRPC-Web', () => {
  it('that cannot be read is the fault of who sent it', async () => {
    const headers = { 'content-type': GRPC_WEB };
    const noMessage = await post('CreateCampaign', framed(Uint8Array.of(0x0a, 20, 0x61)), headers);
    expect(noMessage.headers.get('grpc-status')).toBe(String(Code.InvalidArgument));
    const cutOff = await post('CreateCampaign', Uint8Array.of(0, 0, 0, 0, 9, 0x61), headers);
    expect(cutOff.bytes.toString()).toContain(`grpc-status: ${Code.InvalidArgument}\r\n`);
    const none = await post('CreateCampaign', new Uint8Array(), headers);
    expect(none.headers.get('grpc-status') ?? none.bytes.toString()).not.toContain(String(Code.Internal));
  });
});

it('counts what is wrong with a request as such, and not as a fault of ours', async () => {
  const [refused, faults] = [await countOf('4xx'), await countOf('5xx')];
  await post('DeleteCampaign', '{}');
  await post('DeleteCampaign', framed(new Uint8Array()), { 'content-type': GRPC_WEB });
  await post('GetCampaign', '{}', { 'content-encoding': 'zstd' });
  await post('GetCampaign', '{}', { 'connect-timeout-ms': '0' });
  await post('GetCampaign', framed(Uint8Array.of(0x0a, 20, 0x61)), { 'content-type': GRPC_WEB });
  await post('GetCampaign', Uint8Array.of(0, 0, 0, 0, 9, 0x61), { 'content-type': GRPC_WEB });

  expect([await countOf('4xx'), await countOf('5xx')]).toEqual([refused + 6, faults]);
});

it('counts calls by their method and by how they went, also where the status of HTTP is 200 for all', async () => {
  const campaignId = await newCampaign({ couponLimit: 9 });
  const [accepted, refused] = [await countOf('2xx', 'IssueCoupon'), await countOf('4xx', 'IssueCoupon')];
  const message = framed(binary(IssueCouponRequestSchema, { campaignId, userId: 1 }));
  for (const _ of ['accepted', 'refused']) await post('IssueCoupon', message, { 'content-type': GRPC_WEB });
  for (const _ of ['accepted', 'refused']) await call('IssueCoupon', { campaignId, userId: 2 });
  for (const _ of ['accepted', 'refused']) await call('IssueCoupon', { campaignId, userId: 3 }, LONG_LIMIT);

  expect([await countOf('2xx', 'IssueCoupon'), await countOf('4xx', 'IssueCoupon')]).toEqual([
    accepted + 3,
    refused + 3,
  ]);
});
