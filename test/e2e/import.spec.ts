import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, PATIENT, startApp } from '../support/app-process.js';
import { openDatabase, testDatabaseUrl } from '../support/database.js';
import { FileInPieces, ndjson, sendImport } from '../support/import-file.js';
import { eventually } from '../support/poll.js';
import { RawConnection } from '../support/raw-connection.js';
import { holdRowLock } from '../support/row-lock.js';
import { Shop } from '../support/shop.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

/** Users and products that come in files. */

let app: AppProcess;
let shop: Shop;

beforeAll(async () => {
  app = await startApp({ env: PATIENT, waitFor: '/health/ready' });
  shop = new Shop(new ApiClient(app.url), openDatabase());
});

async function usersFrom(first: number, count: number): Promise<number> {
  const sql = 'SELECT COUNT(*) AS size FROM users WHERE id BETWEEN ? AND ?';
  return (await shop.database.row<{ size: number }>(sql, [first, first + count - 1])).size;
}

/** What the trace has of the imports that named themselves so, the oldest first. */
async function traceOf(requestId: string) {
  const rows = await shop.database.rows<{ actor: string; action: string; outcome: string; after: string }>(
    'SELECT actor, action, outcome, after_state AS after FROM admin_actions WHERE request_id = ? ORDER BY id',
    [requestId],
  );
  return rows.map((row) => ({ ...row, after: JSON.parse(row.after) }));
}

function userOf(userId: number) {
  return { userId, name: `User ${userId}`, email: `${userId}@example.com` };
}

describe('an import of users', () => {
  it('registers and changes them, and says what it did with each line', async () => {
    const [old, same, fresh] = [await shop.user(7), await shop.user(), newUserId()];
    const requestId = `import-${fresh}`;
    const lines = [{ userId: old, name: 'Another name' }, userOf(same), userOf(fresh), { userId: 0, name: 'x' }];
    const { status, body } = await sendImport(app.url, 'users', ndjson(lines), {
      headers: { 'x-request-id': requestId },
    });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        lines: 4,
        created: 1,
        updated: 1,
        unchanged: 1,
        rejected: 1,
        errors: [{ line: 4, path: 'userId', message: expect.stringMatching(/^must be a whole number/) }],
      },
    });
    expect(await shop.api.call(`/api/users/${old}`)).toMatchObject({ body: { name: 'Another name', email: null } });
    expect(await shop.api.call(`/api/users/${fresh}`)).toMatchObject({ body: userOf(fresh) });
    expect(await shop.balanceOf(old)).toBe(7);
    const counts = { lines: 4, created: 1, updated: 1, unchanged: 1, rejected: 1 };
    expect(await traceOf(requestId)).toEqual([
      { actor: 'token', action: 'users.import', outcome: 'DONE', after: counts },
    ]);
  });

  it('takes CSV, in which a name may have commas, quotes and line breaks that no name may have', async () => {
    const [one, two, three] = newUserIds(3);
    const csv = `email,userId,name\r\n,${one},"Kim, ""JJ"" Jiwoo"\r\n${two}@example.com,${two},"a\nb"\r\n,${three},셋\r\n`;
    const { status, body } = await sendImport(app.url, 'users', csv, { type: 'text/csv; charset=utf-8' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ lines: 3, created: 2, rejected: 1, errors: [{ line: 3, path: 'name' }] });
    expect(await shop.api.call(`/api/users/${one}`)).toMatchObject({ body: { name: 'Kim, "JJ" Jiwoo', email: null } });
    expect(await shop.api.call(`/api/users/${three}`)).toMatchObject({ body: { name: '셋' } });
  });

  it('leaves out who would have the e-mail of somebody else, in the file or before it', async () => {
    const [one = 0, two = 0, three = 0] = newUserIds(3);
    const other = await shop.user();
    const email = `${one}@example.com`;
    const lines = [
      userOf(one),
      { ...userOf(two), email },
      { ...userOf(three), email: `${other}@example.com` },
      { userId: one, name: 'Gives it up' },
      { ...userOf(two), email },
      { userId: other, name: 'Gives it up, too' },
      { ...userOf(three), email: `${other}@example.com` },
    ];
    const { body } = await sendImport(app.url, 'users', ndjson(lines));
    const taken = { path: 'email', message: 'belongs to another user' };
    expect(body).toEqual({
      lines: 7,
      created: 3,
      updated: 2,
      unchanged: 0,
      rejected: 2,
      errors: [
        { line: 2, ...taken },
        { line: 3, ...taken },
      ],
    });
    expect(await shop.api.call(`/api/users/${two}`)).toMatchObject({ body: { email } });
  });

  it('may exchange the e-mails of two', async () => {
    const [one, two] = [await shop.user(), await shop.user()];
    const lines = [
      { userId: one, name: 'One' },
      { userId: two, name: 'Two', email: `${one}@example.com` },
      { userId: one, name: 'One', email: `${two}@example.com` },
    ];
    expect((await sendImport(app.url, 'users', ndjson(lines))).body).toMatchObject({ updated: 3, rejected: 0 });
    expect(await shop.api.call(`/api/users/${one}`)).toMatchObject({ body: { email: `${two}@example.com` } });
  });

  it('lets those who are registered reserve at once', async () => {
    const userId = newUserId();
    const { couponId } = await shop.api.createCoupon({ audience: 'registered' });
    expect(await shop.api.reserve(couponId, userId)).toMatchObject({ error: 'USER_NOT_FOUND' });
    await sendImport(app.url, 'users', ndjson([userOf(userId)]));
    expect(await shop.api.reserve(couponId, userId)).toMatchObject({ status: 200 });
  });

  it('of nothing is one of no lines', async () => {
    expect(await sendImport(app.url, 'users', '\n')).toMatchObject({ status: 200, body: { lines: 0 } });
  });
});

describe('an import of products', () => {
  it('puts them up to be ordered and paid, and leaves the stock of those that are there alone', async () => {
    const [fresh = 0, noStock = 0] = newUserIds(2);
    const old = await shop.product({ price: 500, stock: 3 });
    const csv = `productId,name,price,stock\n${fresh},"Clock, white",1000,2\n${old},Old,600,99\n${noStock},None,1,\n`;
    const { body } = await sendImport(app.url, 'products', csv, { type: 'text/csv' });
    expect(body).toMatchObject({ lines: 3, created: 1, updated: 1, rejected: 1 });
    expect(body.errors).toEqual([{ line: 4, path: 'stock', message: 'must be given for a new product' }]);
    expect(await shop.stockOf(old)).toBe(3);

    const userId = newUserId();
    await sendImport(app.url, 'users', ndjson([userOf(userId)]));
    await shop.charge(userId, { amount: 2_600 });
    const orderId = await shop.order(userId, [
      { productId: fresh, quantity: 2 },
      { productId: old, quantity: 1 },
    ]);
    expect(await shop.pay(orderId, userId)).toMatchObject({ status: 200, body: { paidAmount: 2_600 } });
    expect(await shop.stockOf(fresh)).toBe(0);

    const again = await sendImport(app.url, 'products', csv, { type: 'text/csv' });
    expect(again.body).toMatchObject({ created: 0, updated: 0, unchanged: 2, rejected: 1 });
    expect(await shop.stockOf(fresh)).toBe(0);
  });
});

describe('an import is refused', () => {
  it.each([
    ['as JSON', 'application/json', '{}', {}],
    ['as a form', 'application/x-www-form-urlencoded', 'a=b', {}],
    ['in another character set', 'text/csv; charset=euc-kr', 'userId,name\n', {}],
    ['compressed', 'application/x-ndjson', 'x', { 'content-encoding': 'gzip' }],
  ])('%s: 415', async (_name, type, file, headers) => {
    const answer = await sendImport(app.url, 'users', file, { type, headers });
    expect(answer).toMatchObject({ status: 415, error: 'UNSUPPORTED_MEDIA_TYPE' });
    expect(JSON.stringify(answer.body)).toContain('application/x-ndjson');
  });

  it('without a body, with a wrong head, and without the key of an administrator', async () => {
    const empty = await shop.api.call('/api/users/import', { method: 'POST', isAdmin: true });
    expect(empty).toMatchObject({ status: 415 });
    const wrongHead = await sendImport(app.url, 'users', 'id,name\n1,a\n', { type: 'text/csv' });
    expect(wrongHead).toMatchObject({ status: 400, error: 'VALIDATION_FAILED', body: { errors: [{ path: 'head' }] } });
    const userId = newUserId();
    const nobody = await sendImport(app.url, 'users', ndjson([userOf(userId)]), { token: 'somebody' });
    expect(nobody).toMatchObject({ status: 401 });
    expect(await usersFrom(userId, 1)).toBe(0);
  });

  it.each(['application/x-ndjson', 'text/csv'])('as %s by any other call', async (type) => {
    const response = await fetch(`${app.url}/api/coupons`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: 'Bearer local-admin' },
      body: '{}',
    });
    expect(response.status).toBe(415);
  });
});

describe('a large import', () => {
  const COUNT = 200_000;
  const first = newUserIds(COUNT)[0] as number;
  /** Each hundredth line is wrong. */
  const lineOf = (index: number) => (index % 100 === 99 ? '{"userId":\n' : ndjson([userOf(first + index)]));
  const GOOD = COUNT - COUNT / 100;

  function* pieces(): Generator<string> {
    for (let index = 0; index < COUNT; index += 100)
      yield Array.from({ length: 100 }, (_, line) => lineOf(index + line)).join('');
  }

  it('keeps what it has written when the client hangs up or the process dies, and is completed when it comes again', async () => {
    const cut = new FileInPieces(pieces());
    const client = new AbortController();
    const hungUp = fetch(`${app.url}/api/users/import`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        authorization: 'Bearer local-admin',
        'x-request-id': `cut-${first}`,
      },
      body: ReadableStream.from(cut.upTo(505)).pipeThrough(new TextEncoderStream()),
      duplex: 'half',
      signal: client.signal,
    }).catch(String);
    // Of 50,500 lines the last 500 wait for the rest of their thousand.
    await eventually(async () => expect(await usersFrom(first, COUNT)).toBe(49_500));
    client.abort();
    expect(await hungUp).toMatch(/Abort/);
    await eventually(async () => {
      expect(await traceOf(`cut-${first}`)).toEqual([
        {
          actor: 'token',
          action: 'users.import',
          outcome: 'REFUSED',
          after: {
            lines: 50_000,
            created: 49_500,
            updated: 0,
            unchanged: 0,
            rejected: 500,
            code: 'CLIENT_CLOSED_REQUEST',
          },
        },
      ]);
    });

    const dying = await startApp({ env: PATIENT, waitFor: '/health/ready' });
    const unfinished = new FileInPieces(pieces());
    const headers = { 'x-request-id': `killed-${first}` };
    const killed = sendImport(dying.url, 'users', unfinished.upTo(1_000), { headers }).catch(String);
    await eventually(async () => expect(await usersFrom(first, COUNT)).toBe(99_000));
    await dying.kill();
    expect(await killed).toMatch(/TypeError/);
    expect(await traceOf(`killed-${first}`)).toMatchObject([{ outcome: 'STARTED', after: null }]);

    const whole = new FileInPieces(pieces());
    const { status, body } = await sendImport(app.url, 'users', whole.upTo(COUNT));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      lines: COUNT,
      created: GOOD - 99_000,
      unchanged: 99_000,
      updated: 0,
      rejected: 2_000,
    });
    expect(body.errors.map(({ line }) => line)).toEqual(Array.from({ length: 100 }, (_, index) => index * 100 + 100));
    expect(await usersFrom(first, COUNT)).toBe(GOOD);
  });

  it('is read no faster than it is written, so that it takes no memory', async () => {
    const userId = await shop.user();
    const letGo = await holdRowLock(testDatabaseUrl(), 'users', userId);
    const line = ndjson([{ userId, name: 'Somebody else' }]);
    // Blank at its end, so that a few lines are many bytes.
    const piece = `${line.trim()}${' '.repeat(50_000)}\n`;
    const file = new FileInPieces(Array.from({ length: 5_000 }, () => piece));
    const running = sendImport(app.url, 'users', file.upTo(5_000));
    await eventually(async () => expect(await shop.database.running('UPDATE users SET email%')).toBe(1));
    // Others are served meanwhile; several, so that by then as much is sent as will be.
    for (let other = 1; other <= 50; other += 1) expect((await fetch(`${app.url}/api/products`)).status).toBe(200);
    expect(file.sent).toBeLessThan(100_000_000);

    await letGo();
    expect(await running).toMatchObject({ status: 200, body: { lines: 5_000, updated: 1, unchanged: 4_999 } });
  });
});

describe('the same file on two instances at once', () => {
  it('is imported once, whoever is first with each thousand', async () => {
    const other = await startApp({ env: PATIENT, waitFor: '/health/ready' });
    const COUNT = 20_000;
    const ids = newUserIds(COUNT);
    const file = ndjson(ids.map(userOf));
    const answers = await Promise.all([app, other, app].map(({ url }) => sendImport(url, 'users', file)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const sum = (pick: 'created' | 'unchanged' | 'updated' | 'rejected') =>
      answers.reduce((total, { body }) => total + body[pick], 0);
    expect(sum('created')).toBe(COUNT);
    expect(sum('unchanged')).toBe(2 * COUNT);
    expect(sum('updated') + sum('rejected')).toBe(0);
    expect(await usersFrom(ids[0] as number, COUNT)).toBe(COUNT);
  });
});

/** As it is sent where nobody knows the length of the whole. */
function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

describe('an import that arrives slowly', () => {
  let impatient: AppProcess;
  const head = [
    'POST /api/users/import HTTP/1.1',
    'host: a',
    'authorization: Bearer local-admin',
    'content-type: application/x-ndjson',
    'transfer-encoding: chunked',
  ].join('\r\n');

  beforeAll(async () => {
    impatient = await startApp({
      env: { HTTP_HEADERS_TIMEOUT_MS: '1000', HTTP_REQUEST_TIMEOUT_MS: '5000', HTTP_TIMEOUT_CHECK_INTERVAL_MS: '50' },
    });
  });

  it('ends with 408 when nothing more comes', async () => {
    const connection = await RawConnection.open(impatient.port);
    const requestId = `slow-${newUserId()}`;
    connection.send(`${head}\r\nx-request-id: ${requestId}\r\n\r\n`, chunk(ndjson([userOf(newUserId())])));
    const [answer] = await connection.allAnswers();
    expect(answer?.status).toBe(408);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    await eventually(async () => expect(await traceOf(requestId)).toMatchObject([{ outcome: 'REFUSED' }]));
  });

  it('may take longer than any other request, so long as something comes', async () => {
    const connection = await RawConnection.open(impatient.port);
    connection.send(`${head}\r\n\r\n`);
    const ids = newUserIds(14);
    for (const userId of ids) {
      connection.send(chunk(ndjson([userOf(userId)])));
      await delay(500);
    }
    connection.send('0\r\n\r\n');
    const [answer] = await connection.nextAnswers(1);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ lines: ids.length, created: ids.length });
  });
});
