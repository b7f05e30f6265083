import { appendFileSync, chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../../scripts/services/free-port.mjs';
import { Checkout, says } from '../support/checkout.js';
import { atEndOfFile } from '../support/cleanup.js';
import { openDatabase, testDatabaseUrl } from '../support/database.js';
import { BOUND_BY_PERMISSIONS } from '../support/other-user.js';
import { createOwnSchema } from '../support/own-schema.js';
import { openRedis } from '../support/redis.js';
import { startPrivateRedis } from '../support/servers.js';

let checkout: Checkout;

beforeAll(() => {
  checkout = Checkout.create();
});

/** The servers of the test run, under another name, user or port. */
function given(changes: Partial<Pick<URL, 'username' | 'password' | 'port' | 'pathname' | 'hostname'>> = {}) {
  return {
    NODE_ENV: 'test',
    LOAD_TEST_SEED_AT_START: 'false',
    REDIS_URL: process.env['REDIS_URL'],
    DATABASE_URL: Object.assign(new URL(testDatabaseUrl()), changes).href,
  };
}

/** `npm start`, which is to end by itself: its only line, after which no server runs. */
async function refusal(env: NodeJS.ProcessEnv): Promise<string> {
  const { code, out, err } = await checkout.run('start', [], { PORT: String(await freePort()), ...env });
  expect({ code, out, stack: /^\s+at /m.test(err) }).toEqual({ code: 1, out: '', stack: false });
  await checkout.expectNothingRuns();
  return err;
}

describe('npm start', () => {
  it('works in a directory with a space, a quote and a percent sign in its name, like the other commands', async () => {
    const odd = Checkout.create({ name: "it's 100%25 new", isBuilt: false });
    const launcher = await odd.start();
    await says(launcher, /^firstcome is ready\n {2}address {3}http:\/\/localhost:\d+\n/m);

    const BASE_URL = launcher.url;
    expect(await odd.run('audit', ['1'], { BASE_URL })).toMatchObject({ code: 0 });
    expect(await odd.run('services', ['status'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Redis {5}redis:.*\(private, pid \d+\)\nMySQL {5}mysql:.*\(private, pid \d+\)\n$/),
    });
    expect(await launcher.kill('SIGINT')).toEqual({ code: 0, signal: null });
    expect(launcher.logs).toMatch(/Redis and MySQL stay up.*\n$/);

    expect(await odd.run('services', ['reset'])).toMatchObject({ code: 0 });
    expect(await odd.run('services', ['down'])).toMatchObject({ code: 0 });
    await odd.expectNothingRuns();
    const simulated = await odd.run('simulate', ['--steps', '2000']);
    expect(simulated).toMatchObject({ code: 0, out: expect.stringContaining('no violation') });
  });

  it.each([
    [{ PORT: 'abc' }, 'http.port (PORT) is "abc": must be a whole number from 0 to 65535'],
    [{ NODE_ENV: 'staging' }, 'NODE_ENV is "staging": must be one of local, test, production'],
    [{ NODE_ENV: 'production' }, 'admin.token (ADMIN_TOKEN) is missing'],
    [{ DATABASE_URL: 'mysql://u@127.0.0.1/x' }, 'say which profile it is for: NODE_ENV=local'],
    [
      { DATABASE_URL: 'postgres://u:s3cret@h/x', NODE_ENV: 'local' },
      'database.url (DATABASE_URL) is not valid: must be',
    ],
    [
      { HOST: '192.0.2.1' },
      'HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0; "192.0.2.1" is none',
    ],
  ])('names a bad value before a server is started: %j', async (env, message) => {
    const said = await refusal(env);
    expect(said).toContain(message);
    expect(said).not.toContain('s3cret');
  });

  it.each([
    ['shop:\n  open: true\n', 'shop is set: there is no such setting'],
    ['shop: [\n', 'config/local.yaml is no YAML: '],
  ])('names what is wrong in a file of config/', async (text, message) => {
    const file = join(checkout.dir, 'config', 'local.yaml');
    const before = readFileSync(file);
    appendFileSync(file, `\n${text}`);
    try {
      expect(await refusal({})).toContain(message);
    } finally {
      writeFileSync(file, before);
    }
  });

  it('says to what a smaller pool wants other settings lowered, and starts with that', async () => {
    const DATABASE_POOL_SIZE = '8';
    const said = await refusal({ DATABASE_POOL_SIZE });
    const lowered = [...said.matchAll(/\(([A-Z_]+)\) is .*?: must be (\d+) or less/g)].map(([, name, most]) => [
      name,
      most,
    ]);
    expect(lowered).toEqual([['COUPON_LOCK_MAX_CONCURRENT', '3']]);

    const launcher = await checkout.start({ ...given(), DATABASE_POOL_SIZE, ...Object.fromEntries(lowered) });
    await says(launcher, 'firstcome is ready');
    await launcher.kill('SIGTERM');
  });

  it('says who has the port, and gives another one', async () => {
    const other = createServer((_request, response) => response.writeHead(404).end('no'));
    await new Promise<void>((resolve) => void other.listen(0, resolve));
    atEndOfFile(async () => void other.close());
    const { port } = other.address() as AddressInfo;

    const said = await refusal({ PORT: String(port) });
    expect(said).toMatch(
      new RegExp(`^Port ${port} is taken by (another program|.*, pid ${process.pid})\\. Stop that, `),
    );
    const another = /PORT=(\d+) npm start/.exec(said)?.[1] ?? '';
    const launcher = await checkout.start({ ...given(), PORT: another });
    await says(launcher, `address   http://localhost:${another}`);
    expect((await checkout.run('start', [], { PORT: another })).err).toMatch(
      new RegExp(`^firstcome already runs on http://127\\.0\\.0\\.1:${another}.*Stop it, or .* PORT=\\d+ npm start\n$`),
    );
    await launcher.kill('SIGTERM');
  });
});

describe('npm start with servers that are given', () => {
  it('says in one line that MySQL does not let it in, is not there or lacks the schema', async () => {
    const closed = String(await freePort());
    const cases: Array<[NodeJS.ProcessEnv, RegExp]> = [
      [
        given({ password: 's3cret' }),
        /^MySQL at 127\.0\.0\.1:\d+ \(DATABASE_URL\) does not let "\w+" in: a wrong user or password, .*\n$/,
      ],
      [
        given({ pathname: '/test_of_nobody' }),
        /^MySQL at .* has no schema "test_of_nobody"\. Create it: CREATE DATABASE .*\n$/,
      ],
      [given({ port: closed }), /^MySQL at .* cannot be used: connect ECONNREFUSED .*\n$/],
      [
        given({ hostname: 'no-such-host.invalid' }),
        /^MySQL at no-such-host\.invalid:\d+ .* cannot be used: .*no-such-host\.invalid\n$/,
      ],
    ];
    for (const [env, line] of cases) {
      const said = await refusal(env);
      expect(said).toMatch(line);
      expect(said).not.toContain('s3cret');
    }
  });

  it('says which rights its user lacks, for the schema or in it', async () => {
    const schema = new URL(await createOwnSchema('start')).pathname.slice(1);
    const database = openDatabase();
    const user = `firstcome_${process.pid}`;
    await database.change(`CREATE USER '${user}'@'127.0.0.1' IDENTIFIED BY 's3cret'`);
    atEndOfFile(async () => void (await database.change(`DROP USER '${user}'@'127.0.0.1'`)));
    const env = given({ username: user, password: 's3cret', pathname: `/${schema}` });

    expect(await refusal(env)).toMatch(
      new RegExp(`^MySQL at .* does not let "${user}" use the schema "${schema}", .*\n$`),
    );

    await database.change(`GRANT SELECT ON ${schema}.* TO '${user}'@'127.0.0.1'`);
    const { code, out, err } = await checkout.run('start', [], { PORT: String(await freePort()), ...env });
    expect(code).toBe(1);
    expect(err).toMatch(
      /^The configuration is not valid:\n {2}.* names a user without the rights to migrate: CREATE .*\n$/,
    );
    expect(out).toContain('The app ended by itself, with code 1, before it was ready.');
  });

  it('says in one line that Redis is not there or does not let it in', async () => {
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
    expect(await refusal({ REDIS_URL })).toMatch(
      /^Redis at .* \(REDIS_URL\) cannot be used: connect ECONNREFUSED .*\n$/,
    );

    const redis = await startPrivateRedis();
    await openRedis(redis.url).config('SET', 'requirepass', 's3cret');
    const withPassword = redis.url.replace('//', '//:wrong@');
    expect(await refusal({ REDIS_URL: redis.url })).toMatch(/^Redis at .* does not let us in \(NOAUTH\): .*\n$/);
    expect(await refusal({ REDIS_URL: withPassword })).toMatch(/^Redis at .* does not let us in \(WRONGPASS\): .*\n$/);
  });

  it('does not call itself ready before Redis can be used, and says what it waits for', async () => {
    const redis = await startPrivateRedis();
    const client = openRedis(redis.url);
    await client.replicaof('127.0.0.1', await freePort());
    const env = { ...given(), REDIS_URL: redis.url };

    const launcher = await checkout.start(env);
    await says(launcher, 'Not ready yet: Redis cannot be used (READ_ONLY)\n');
    expect(launcher.logs).not.toContain('firstcome is ready');
    await client.replicaof('NO', 'ONE');
    await says(launcher, 'firstcome is ready');
    await launcher.kill('SIGTERM');

    await client.replicaof('127.0.0.1', await freePort());
    const interrupted = await checkout.start(env);
    await says(interrupted, 'Not ready yet: Redis');
    expect(await interrupted.kill('SIGINT')).toEqual({ code: 0, signal: null });
    expect(interrupted.logs).toMatch(/Ended before firstcome was ready\.\n$/);
    expect(interrupted.logs).not.toContain('firstcome is ready');
  });
});

describe('npm start in a checkout that it cannot write', () => {
  it('says what it cannot write, and starts with the files of the servers elsewhere', async () => {
    const protectedOne = Checkout.create({ name: 'read-only' });
    const directories = ['.', 'dist', 'scripts'].map((name) => join(protectedOne.dir, name));
    for (const dir of directories) chmodSync(dir, 0o555);
    atEndOfFile(async () => directories.forEach((dir) => chmodSync(dir, 0o755)));
    const port = String(await freePort());

    const { code, out, err } = await protectedOne.run('start', [], { PORT: port }, BOUND_BY_PERMISSIONS);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^\/.+\/\.services cannot be used: .+ is protected\. Change that, or have .* FIRSTCOME_SERVICES_DIR=\S+\n$/,
    );

    const FIRSTCOME_SERVICES_DIR = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'elsewhere-'));
    atEndOfFile(() => rm(FIRSTCOME_SERVICES_DIR, { recursive: true, force: true, maxRetries: 10 }));
    const launcher = await protectedOne.start({ FIRSTCOME_SERVICES_DIR }, BOUND_BY_PERMISSIONS);
    await says(launcher, 'firstcome is ready');
    await launcher.kill('SIGTERM');
    expect(await protectedOne.run('services', ['down'], { FIRSTCOME_SERVICES_DIR })).toMatchObject({ code: 0 });

    appendFileSync(join(protectedOne.dir, 'src', 'main.ts'), '\n');
    const unbuilt = await protectedOne.run('start', [], { PORT: port, FIRSTCOME_SERVICES_DIR }, BOUND_BY_PERMISSIONS);
    expect(unbuilt).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^\/.+\/dist cannot be used: .*Change that, or copy the checkout to where .*\n$/),
    });
  });
});
