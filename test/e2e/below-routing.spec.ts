import { beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { testDatabaseUrl } from '../support/database.js';
import { eventuallyShows, Scrape } from '../support/metrics.js';
import { eventually } from '../support/poll.js';
import { type RawAnswer, RawConnection } from '../support/raw-connection.js';
import { holdRowLock } from '../support/row-lock.js';
import { startPrivateMysql } from '../support/servers.js';
import { newUserId } from '../support/unique-ids.js';

/** What happens before a route is asked, or while it is answered, over sockets: no client library would send it. */

const HOST = 'host: a\r\n';
const JSON_TYPE = 'content-type: application/json\r\n';
const POST = `POST /api/coupons HTTP/1.1\r\n${HOST}authorization: Bearer local-admin\r\n${JSON_TYPE}`;
const LIVE = `GET /health/live HTTP/1.1\r\n${HOST}`;
const LAST = 'connection: close\r\n';
/** In MB. All answers at once were gigabytes. */
const MUCH_MEMORY = 300;
const POOL = 'firstcome_database_pool_connections';
const DURATIONS = 'firstcome_http_request_duration_seconds_count';

let app: AppProcess;

beforeAll(async () => {
  app = await startApp({ env: { METRICS_WRITE_INTERVAL_MS: '1000' }, waitFor: '/health/ready' });
});

async function answersTo(...pieces: ReadonlyArray<string | Buffer>): Promise<RawAnswer[]> {
  const connection = await RawConnection.open(app.port);
  return await connection.send(...pieces).allAnswers();
}

function expectProblem(answer: RawAnswer | undefined, status: number, code: string): void {
  expect(answer?.status).toBe(status);
  expect(answer?.headers).toMatchObject({
    'content-type': 'application/problem+json; charset=utf-8',
    'cache-control': 'no-store',
    'x-request-id': expect.stringMatching(/^[\w.-]+$/),
  });
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({
    type: expect.stringMatching(/^urn:firstcome:problem:/),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    instance: expect.any(String),
    code,
  });
}

/** How many answers of a class there were, whatever was asked. */
function answered(scrape: Scrape, statusClass: string): number {
  return scrape.sum(DURATIONS, { status_class: statusClass });
}

describe('a request that is none', () => {
  const cases: ReadonlyArray<[string, string, number, string]> = [
    ['a head that is too large', `${LIVE}x: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
    ['an unknown method', `BREW /pot HTTP/1.1\r\n${HOST}\r\n`, 400, 'BAD_REQUEST'],
    ['a Content-Length that is no number', `${POST}content-length: two\r\n\r\n{}`, 400, 'BAD_REQUEST'],
    ['a Content-Length below zero', `${POST}content-length: -2\r\n\r\n{}`, 400, 'BAD_REQUEST'],
    ['two of Content-Length', `${POST}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400, 'BAD_REQUEST'],
    ['two lengths', `${POST}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`, 400, 'BAD_REQUEST'],
    ['a chunk without a length', `${POST}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n`, 400, 'BAD_REQUEST'],
    ['no Host', `GET /health/live HTTP/1.1\r\n${LAST}\r\n`, 400, 'BAD_REQUEST'],
    ['two of Host', `${LIVE}host: b\r\n${LAST}\r\n`, 400, 'BAD_REQUEST'],
    ['HTTP/0.9', 'GET /health/live\r\n\r\n', 400, 'BAD_REQUEST'],
    ['HTTP/3.0', `GET /health/live HTTP/3.0\r\n${HOST}\r\n`, 400, 'BAD_REQUEST'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'BAD_REQUEST'],
    ['a TLS handshake', '\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03', 400, 'BAD_REQUEST'],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n', 400, 'BAD_REQUEST'],
    ['an expectation', `${POST}expect: tea\r\ncontent-length: 2\r\n\r\n{}`, 417, 'EXPECTATION_FAILED'],
  ];

  it.each(cases)('%s is answered as a problem', async (_name, sent, status, code) => {
    const answers = await answersTo(sent);

    expect(answers).toHaveLength(1);
    expectProblem(answers[0], status, code);
    expect(answers[0]?.headers['connection']).toBe('close');
  });

  it('is counted, each once', async () => {
    const before = answered(await Scrape.of(app), '4xx');
    for (const [, sent] of cases) await answersTo(sent);
    expect(answered(await Scrape.of(app), '4xx')).toBe(before + cases.length);
  });

  it('does not overtake the answers to the requests before it', async () => {
    const answers = await answersTo(`${LIVE}\r\n`, `${LIVE}\r\nGARBAGE\r\n\r\n`);

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
    expectProblem(answers[2], 400, 'BAD_REQUEST');
  });

  it('does not stop HTTP/1.0, which needs no Host', async () => {
    const [answer] = await answersTo('GET /health/live HTTP/1.0\r\n\r\n');
    expect(answer?.status).toBe(200);
  });
});

describe('a path with other methods', () => {
  it.each([
    ['DELETE', '/health/live', 'GET, HEAD'],
    ['POST', '/docs-json', 'GET, HEAD'],
    ['PUT', '/api/coupons', 'GET, HEAD, POST'],
    ['PURGE', '/api/coupons/42?at=all', 'GET, HEAD, PATCH'],
    ['OPTIONS', '/api/coupons/42/reserve', 'POST'],
    ['POST', '/dashboard/files/main.js', 'GET, HEAD'],
  ])('%s %s is 405 and names them', async (method, path, allow) => {
    const [answer] = await answersTo(`${method} ${path} HTTP/1.1\r\n${HOST}${LAST}content-length: 1\r\n\r\n{`);

    expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
    expect(answer?.headers['allow']?.split(', ').toSorted().join(', ')).toBe(allow);
  });
});

describe('a request that does not arrive in time', () => {
  let impatient: AppProcess;

  beforeAll(async () => {
    impatient = await startApp({
      env: { HTTP_HEADERS_TIMEOUT_MS: '500', HTTP_REQUEST_TIMEOUT_MS: '1000', HTTP_TIMEOUT_CHECK_INTERVAL_MS: '50' },
    });
  });

  it.each([
    ['its head', LIVE],
    ['its body', `${POST}content-length: 2\r\n\r\n{`],
  ])('%s: is 408, and counted once', async (_name, sent) => {
    const before = answered(await Scrape.of(impatient), '4xx');
    const connection = await RawConnection.open(impatient.port);
    const answers = await connection.send(sent).allAnswers();

    expect(answers).toHaveLength(1);
    expectProblem(answers[0], 408, 'REQUEST_TIMEOUT');
    const after = await Scrape.of(impatient);
    expect(answered(after, '4xx')).toBe(before + 1);
    expect(answered(after, '499')).toBe(0);
  });

  it('does not hold for an idle connection, which is kept for longer', async () => {
    const connection = await RawConnection.open(impatient.port);
    await connection.send(`${LIVE}\r\n`).nextAnswers(1);
    // By then the checks have come by the idle one many times.
    const slow = await RawConnection.open(impatient.port);
    await slow.send(LIVE).allAnswers();

    expect(connection.isEnded).toBe(false);
    expect((await connection.send(`${LIVE}\r\n`).nextAnswers(2)).map(({ status }) => status)).toEqual([200, 200]);
    expect(connection.answers[0]?.headers['keep-alive']).toBe('timeout=72');
  });
});

describe('a client that hangs up in the middle of its body', () => {
  it.each([
    ['says goodbye', (connection: RawConnection) => connection.close()],
    ['crashes', (connection: RawConnection) => connection.reset()],
    ['stops sending', (connection: RawConnection) => connection.endSending()],
  ])('and %s is of a class of its own: no 5xx, no 4xx, and no line in the log', async (_name, hangUp) => {
    const before = await Scrape.of(app);
    const connection = await RawConnection.open(app.port);
    connection.send(`${POST}content-length: 2\r\n\r\n{`);
    // The request is there before the connection goes: both calls are answered by the same process, in this order.
    await fetch(`${app.url}/health/live`);
    const logs = app.logs.length;
    hangUp(connection);

    await eventuallyShows(app, (scrape) => expect(answered(scrape, '499')).toBe(answered(before, '499') + 1));
    const after = await Scrape.of(app);
    for (const other of ['4xx', '5xx']) expect(answered(after, other)).toBe(answered(before, other));
    expect(app.logs.slice(logs)).toBe('');
  });
});

describe('a client whose connection breaks before its answer', () => {
  it.each([
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n'],
    ['what is no request', 'GARBAGE\r\n\r\n'],
    ['an expectation', `${POST}expect: tea\r\ncontent-length: 2\r\n\r\n{}`],
  ])('harms nobody else, also when it asked for %s', async (_name, sent) => {
    const connections = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(app.port)));
    for (const connection of connections) connection.send(sent);
    await eventually(() => expect(connections.every(({ answers }) => answers.length === 1)).toBe(true));
    // It is kept for a second more: a client that still sends is to read its answer.
    for (const connection of connections) connection.reset();

    expect((await answersTo(`${LIVE}${LAST}\r\n`))[0]?.status).toBe(200);
    expect(app.hasExited).toBe(false);
  });

  it('is of that class, too', async () => {
    const { couponId } = await new ApiClient(app.url).createCoupon({ audience: 'anyone' });
    const letGo = await holdRowLock(testDatabaseUrl(), 'coupons', couponId);
    const before = await Scrape.of(app);
    const connection = await RawConnection.open(app.port);
    connection.send(issueFor(couponId));
    await eventually(async () => {
      expect((await new ApiClient(app.url).coupon(couponId)).body.reservedQuantity).toBe(1);
    });
    connection.reset();
    await letGo();

    const route = { route: '/api/coupons/:couponId/issue', status_class: '499' };
    await eventuallyShows(app, (scrape) => {
      expect(scrape.value(DURATIONS, route) ?? 0).toBe((before.value(DURATIONS, route) ?? 0) + 1);
    });
  });
});

describe('a client that has sent its request and says that no more will come', () => {
  it('hears the answer', async () => {
    const api = new ApiClient(app.url);
    const { couponId } = await api.createCoupon({ audience: 'anyone' });
    const connection = await RawConnection.open(app.port);
    connection.send(issueFor(couponId)).endSending();

    const [answer] = await connection.allAnswers();
    expect(answer?.status).toBe(200);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ couponId, status: 'ISSUED' });
  });
});

describe('many requests in a row on one connection', () => {
  it.each([
    ['/docs-json', 3_000],
    ['/metrics', 3_000],
    ['/api/coupons', 3_000],
    ['/health/live', 100_000],
    ['/docs/swagger-ui-bundle.js', 200],
  ])('of %s take no memory to speak of, hold up nobody, and are all answered', async (path, count) => {
    const before = await memoryOf(app);
    const connection = await RawConnection.open(app.port);
    connection.stopReading();
    for (let sent = 1; sent <= count; sent += 1) {
      connection.send(`GET ${path} HTTP/1.1\r\n${HOST}${sent === count ? LAST : ''}\r\n`);
    }
    // Others are served meanwhile; several, so that by then as much is begun as will be.
    for (let other = 1; other <= 20; other += 1) expect((await fetch(`${app.url}/api/coupons`)).status).toBe(200);
    expect((await memoryOf(app)) - before).toBeLessThan(MUCH_MEMORY);

    // A machine that stalls may be too slow for the database's limits; then it says so, in an answer.
    const anAnswer = path === '/api/coupons' ? 'HTTP/1.1 ' : 'HTTP/1.1 200 ';
    expect(await connection.countToEnd(anAnswer)).toBe(count);
    expect((await memoryOf(app)) - before).toBeLessThan(MUCH_MEMORY);
  });
});

describe('the unanswered requests of a connection', () => {
  it('are 32 at most, and nothing more is read before they are answered', async () => {
    const mysql = await startPrivateMysql();
    const own = await startApp({ env: { DATABASE_URL: mysql.url, ...PATIENT }, waitFor: '/health/ready' });
    const before = await memoryOf(own);
    await mysql.freeze();
    const connection = await RawConnection.open(own.port);
    const asked = `GET /api/coupons HTTP/1.1\r\n${HOST}\r\n`;
    const COUNT = 200_000;
    connection.send(asked.repeat(COUNT - 1), asked.replace(HOST, HOST + LAST));

    await eventuallyShows(own, (scrape) => expect(begun(scrape)).toBeGreaterThanOrEqual(32));
    // Others are not held up; and by then as much is read as will be.
    for (let other = 1; other <= 3; other += 1) {
      expect((await fetch(`${own.url}/health/live`)).status).toBe(200);
      // And what the application asks for itself in the background.
      expect(begun(await Scrape.of(own))).toBeLessThan(2 * 32);
    }
    expect((await memoryOf(own)) - before).toBeLessThan(MUCH_MEMORY);

    await mysql.thaw();
    connection.close();
    await eventuallyShows(own, (scrape) => expect(begun(scrape)).toBe(0));
  });
});

describe('connections', () => {
  it('are limited, which is said at the start; one too many is closed and counted', async () => {
    const LIMIT = 10;
    const small = await startApp({ env: { HTTP_MAX_CONNECTIONS: String(LIMIT), LOG_LEVEL: 'info' } });
    await eventually(() =>
      expect(small.logs).toMatch(/\[Http\] takes up to 10 connections at once; the process may open \d+ files/),
    );

    const served: RawConnection[] = [];
    for (let refused = false; !refused;) {
      const connection = await RawConnection.open(small.port);
      connection.send(`${LIVE}\r\n`);
      await eventually(() => expect(connection.isEnded || connection.answers.length > 0).toBe(true));
      refused = connection.isEnded;
      if (!refused) served.push(connection);
      expect(served.length).toBeLessThanOrEqual(LIMIT);
    }
    expect(small.logs).toContain('a connection was refused: there are 10, as many as there may be');

    // Those that are there are served on, and when one leaves another one may come.
    const [first, second] = served;
    expect((await first?.send(`${LIVE}\r\n`).nextAnswers(2))?.[1]?.status).toBe(200);
    second?.close();
    await eventually(async () => {
      expect(await small.metric('firstcome_http_connections_refused_total')).toBeGreaterThanOrEqual(1);
    });
  });
});

/** A new user asks for a coupon, and waits until it is issued. */
function issueFor(couponId: number): string {
  const body = JSON.stringify({ userId: newUserId() });
  const head = `POST /api/coupons/${couponId}/issue HTTP/1.1\r\n${HOST}${JSON_TYPE}content-length: ${body.length}`;
  return `${head}\r\n\r\n${body}`;
}

/** Calls that have asked for a connection to MySQL. */
function begun(scrape: Scrape): number {
  return ['active', 'waiting'].reduce((sum, state) => sum + (scrape.value(POOL, { state }) ?? 0), 0);
}

/** Resident, in MB. */
async function memoryOf(target: AppProcess): Promise<number> {
  const bytes = (await Scrape.of(target)).value('process_resident_memory_bytes');
  return (bytes ?? Number.NaN) / 1e6;
}
