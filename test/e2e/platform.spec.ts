import { beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type AppProcess, startApp } from '../support/app-process.js';
import { atEndOfFile } from '../support/cleanup.js';
import { inParallel } from '../support/in-parallel.js';
import { eventually } from '../support/poll.js';
import { startPrivateMysql, startPrivateRedis } from '../support/servers.js';

const ADMIN_TOKEN = 'token-of-administrators-0123456789';

let app: AppProcess;

beforeAll(async () => {
  app = await startApp({ waitFor: '/health/ready' });
});

describe('what is not there', () => {
  it.each([
    ['GET', '/nothing/here?at=all', '/nothing/here'],
    ['DELETE', '/nothing', '/nothing'],
    ['GET', '/docs/nothing.js', '/docs/nothing.js'],
  ])('%s %s is a 404 problem', async (method, path, instance) => {
    const response = await fetch(app.url + path, { method });

    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toEqual({
      type: 'urn:firstcome:problem:route-not-found',
      title: 'There is no such call',
      status: 404,
      detail: `There is no ${method} ${instance}. GET /docs shows what there is.`,
      instance,
      code: 'ROUTE_NOT_FOUND',
    });
  });

  it('stays a 404 whatever the body is', async () => {
    const bodies = [
      { headers: { 'content-type': 'application/json' }, body: '{' },
      { headers: { 'content-type': 'text/plain' }, body: 'text' },
    ];
    for (const init of bodies) {
      expect((await fetch(`${app.url}/nothing`, { method: 'POST', ...init })).status).toBe(404);
    }
  });

  it('is a 400 problem when the URL is no URL', async () => {
    const response = await fetch(`${app.url}/%zz`);

    expect(response.status).toBe(400);
    expect(response.headers.get('x-request-id')).not.toBeNull();
    expect(await response.json()).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: 'url' }] });
  });
});

describe('the request id', () => {
  it('is the one that came', async () => {
    const response = await fetch(`${app.url}/health/live`, { headers: { 'x-request-id': 'Trace-1.2_3' } });

    expect(response.headers.get('x-request-id')).toBe('Trace-1.2_3');
  });

  it('is a new one where none came, or one that is not fit for a log', async () => {
    const given: Array<Record<string, string>> = [
      {},
      { 'x-request-id': 'two words' },
      { 'x-request-id': 'x'.repeat(129) },
    ];
    const responses = await Promise.all(given.map((headers) => fetch(`${app.url}/health/live`, { headers })));
    const ids = responses.map(({ headers }) => headers.get('x-request-id'));

    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
  });
});

describe('/docs', () => {
  it('shows every call with its error codes, as OpenAPI 3.1', async () => {
    const response = await fetch(`${app.url}/docs-json`);
    const document: { openapi: string; info: object; paths: object; components: object } = JSON.parse(
      await response.text(),
    );

    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({
      description: expect.stringMatching(/^Hands out .*`POST \/coupon\.v1\.CouponService\/…` .* docs\/rpc\.md\.$/),
    });
    expect(document.components).toMatchObject({
      schemas: { Problem: {} },
      securitySchemes: { user: {}, operator: {} },
    });
    expect(document.paths).toMatchObject({
      '/health/ready': { get: {} },
      '/metrics': { get: {} },
      '/api/coupons': {
        post: {
          security: [{ operator: ['admin'] }],
          responses: {
            400: {
              content: {
                'application/problem+json': { examples: { VALIDATION_FAILED: {}, MALFORMED_JSON: {} } },
              },
            },
            401: { content: { 'application/problem+json': { examples: { UNAUTHENTICATED: {} } } } },
          },
        },
      },
    });
    expect(JSON.stringify(document)).not.toContain('x-problems');
  });

  it('has a page to read it on', async () => {
    const page = await fetch(`${app.url}/docs`);

    expect(page.headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${app.url}/docs/swagger-ui.css`)).status).toBe(200);
  });
});

describe('/metrics', () => {
  it('has the metrics of the process and of the modules', async () => {
    const response = await fetch(`${app.url}/metrics`);
    const text = await response.text();

    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).toContain('firstcome_');
  });
});

describe('/health', () => {
  it('is alive', async () => {
    expect(await (await fetch(`${app.url}/health/live`)).json()).toMatchObject({ status: 'ok' });
  });

  it('names each dependency; one of them away is degraded, both is 503', async () => {
    const [mysql, redis] = await Promise.all([startPrivateMysql(), startPrivateRedis()]);
    const own = await startApp({
      env: { DATABASE_URL: mysql.url, REDIS_URL: redis.url },
      waitFor: '/health/ready',
    });
    const isReady = async (status: number, expected: object): Promise<void> => {
      await eventually(async () => {
        const response = await fetch(`${own.url}/health/ready`);
        expect(await response.json()).toMatchObject(expected);
        expect(response.status).toBe(status);
      });
    };
    const up = { status: 'up', responseTime: expect.any(Number) };

    await isReady(200, { status: 'ok', details: { redis: up, database: up } });
    await redis.kill();
    await isReady(200, { status: 'degraded', details: { redis: down('UNREACHABLE'), database: up } });
    await mysql.freeze();
    await isReady(503, { status: 'error', details: { redis: down('UNREACHABLE'), database: down('TIMEOUT') } });
    await Promise.all([redis.restart(), mysql.thaw()]);
    await isReady(200, { status: 'ok', details: { redis: up, database: up } });
  });
});

describe('SIGTERM', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the process within 5 s in spite of idle connections',
    async (signal) => {
      const own = await startApp();
      await keepAlive(own);
      await openSocket(own);

      // After 5 s it would give itself up with code 1, and some time before it would cut what it still waits for.
      expect(await own.kill(signal)).toEqual({ code: 0, signal: null });
      expect(own.logs).not.toContain('are cut');
    },
  );

  it('answers the request in flight, and closes its connection', async () => {
    const own = await startApp();
    const socket = await openSocket(own);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.write(
      'POST /api/coupons/reserve HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{',
    );
    // Answered after the unfinished request has arrived, since both go through the same process.
    await fetch(`${own.url}/health/live`);

    const exit = own.kill('SIGTERM');
    await eventually(() => expect(fetch(`${own.url}/health/live`)).rejects.toThrow());
    socket.write('}');

    expect(await exit).toEqual({ code: 0, signal: null });
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('answers the request that a load balancer has just sent on an idle connection', async () => {
    const own = await startApp({ env: { HTTP_SHUTDOWN_TIMEOUT_MS: '20000' } });
    const socket = await openSocket(own);
    let answers = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answers += text));
    const ask = () => socket.write('GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n');
    ask();
    await eventually(() => expect(answers).toContain('"ok"'));

    const exit = own.kill('SIGTERM');
    await eventually(() => expect(fetch(`${own.url}/health/live`)).rejects.toThrow());
    ask();

    expect(await exit).toEqual({ code: 0, signal: null });
    expect(answers.match(/HTTP\/1.1 200 /g)).toHaveLength(2);
    expect(answers.toLowerCase()).toContain('connection: close');
  });
});

describe('the configuration', () => {
  const production = { NODE_ENV: 'production', IDENTITY_MODE: 'trusted-callers' };
  const refused = {
    shortToken: { ...production, ADMIN_TOKEN: 'shortsecret' },
    seeding: { ...production, ADMIN_TOKEN, LOAD_TEST_SEED_AT_START: 'true' },
    profile: { NODE_ENV: 'staging' },
    url: { DATABASE_URL: 'postgres://root:hunter2@localhost/x' },
  };
  const refusals = new Map<string, string>();
  /** What the process said that was started with these, and ended. */
  const refusalOf = (name: keyof typeof refused): string => refusals.get(name) ?? 'none';

  // At once, since each waits for a process to start.
  beforeAll(async () => {
    await inParallel(Object.entries(refused), async ([name, env]) => {
      refusals.set(name, await startApp({ env }).then(() => 'none: it has started', String));
    });
  });

  it('refuses a short ADMIN_TOKEN in production, before it serves anything, and does not print it', () => {
    const said = refusalOf('shortToken');
    expect(said).toContain('admin.token (ADMIN_TOKEN) is not valid: must have at least 32 characters');
    expect(said).not.toContain('shortsecret');
  });

  it('refuses to seed in production', () => {
    const said = refusalOf('seeding');
    expect(said).toContain('loadTest.seedAtStart (LOAD_TEST_SEED_AT_START) is "true": must be false in production');
  });

  it('refuses an unknown NODE_ENV, and a URL whose password it does not print', () => {
    expect(refusalOf('profile')).toContain('NODE_ENV is "staging"');
    expect(refusalOf('url')).toContain('database.url (DATABASE_URL) is not valid');
    expect(refusalOf('url')).not.toContain('hunter2');
  });

  it('is found from another working directory, and refused in plain lines', () => {
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
    const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
      cwd: tmpdir(),
      env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '', PORT: 'eighty' },
      encoding: 'utf8',
    });

    expect(stderr.trim().split('\n').toSorted()).toEqual([
      '  admin.token (ADMIN_TOKEN) is missing: must be given in production, with at least 32 characters, unless admin.keys (ADMIN_KEYS) has a key of the role admin',
      '  http.port (PORT) is "eighty": must be a whole number from 0 to 65535',
      '  identity.mode (IDENTITY_MODE) is missing: must be one of: "trusted-callers", where every caller says for which user it asks, so that only a gateway of yours may reach the API; "required", where each call about a user needs a JWT that says who asks',
      'The configuration is not valid:',
    ]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  it('makes production log JSON, without secrets', async () => {
    const own = await startApp({ env: { ...production, ADMIN_TOKEN } });
    await own.kill('SIGTERM');

    const lines = own.logs.trim().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });
    expect(own.logs).not.toContain(ADMIN_TOKEN);
    expect(own.logs).not.toContain(process.env['DATABASE_URL']);
  });
});

function down(reason: string): object {
  return { status: 'down', responseTime: expect.any(Number), reason };
}

/** A keep-alive connection that has been used and stays open. */
async function keepAlive(target: AppProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    request(`${target.url}/health/live`, { headers: { connection: 'keep-alive' } }, (response) => {
      response.resume().once('end', resolve);
    })
      .once('error', reject)
      .end();
  });
}

async function openSocket(target: AppProcess): Promise<Socket> {
  const socket = connect(target.port, '127.0.0.1').on('error', () => undefined);
  atEndOfFile(async () => {
    socket.destroy();
  });
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}
