import { beforeAll, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { type AppProcess, startApp } from '../support/app-process.js';
import { openDatabase, type TestDatabase } from '../support/database.js';
import { ndjson, sendImport } from '../support/import-file.js';
import { eventually } from '../support/poll.js';
import { type PrivateServer, startPrivateMysql } from '../support/servers.js';

const FIRST = 5_000_000;
const LINES = 3_000;

let mysql: PrivateServer;
let app: AppProcess;
let database: TestDatabase;

beforeAll(async () => {
  mysql = await startPrivateMysql();
  database = openDatabase(mysql.url);
  app = await startApp({ env: { DATABASE_URL: mysql.url }, waitFor: '/health/ready' });
});

async function registered(): Promise<number> {
  const sql = 'SELECT COUNT(*) AS size FROM users WHERE id >= ?';
  return (await database.row<{ size: number }>(sql, [FIRST])).size;
}

it('an import during which MySQL goes away keeps whole thousands, says so, and is completed by the same file', async () => {
  const users = Array.from({ length: LINES }, (_, index) => ({ userId: FIRST + index, name: `User ${index}` }));
  const file = new PassThrough();
  const answering = sendImport(app.url, 'users', file.setEncoding('utf8'), { headers: { 'x-request-id': 'away' } });
  file.write(ndjson(users.slice(0, 1_500)));
  await eventually(async () => expect(await registered()).toBe(1_000));

  await mysql.kill();
  file.end(ndjson(users.slice(1_500)));
  const { status, error, headers } = await answering;
  expect({ status, error }).toEqual({ status: 503, error: 'DATABASE_UNAVAILABLE' });
  expect(headers.get('retry-after')).toBe('1');

  await mysql.restart();
  await app.isUp('/health/ready');
  expect(await registered()).toBe(1_000);
  // Its end could not be noted; the log has it.
  const traces = await database.rows<{ outcome: string }>(
    "SELECT outcome FROM admin_actions WHERE request_id = 'away'",
    [],
  );
  expect(['STARTED', 'FAILED']).toContain(traces[0]?.outcome);
  expect(app.logs).toMatch(/the end of action \d+ could not be noted|users\.import .*FAILED/);

  const again = await sendImport(app.url, 'users', ndjson(users));
  expect(again).toMatchObject({ status: 200, body: { lines: LINES, created: 2_000, unchanged: 1_000, rejected: 0 } });
  expect(await registered()).toBe(LINES);
});
