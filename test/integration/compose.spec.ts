import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findBinary } from '../../scripts/services/binaries.mjs';
import { databaseVariables, UNUSED } from '../../scripts/services/docker.mjs';
import { redisAnswers } from '../../scripts/services/redis-server.mjs';
import { type RunningServer, startServer } from '../../scripts/services/server-process.mjs';
import { atEndOfFile } from '../support/cleanup.js';
import { openRedis } from '../support/redis.js';

/** docker-compose.yml without a Docker engine: its services fit together, and its Redis servers run as they should. */

interface Service {
  readonly image?: string;
  readonly profiles?: readonly string[];
  readonly hostname?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
  readonly depends_on?: Readonly<Record<string, { readonly required?: boolean }>>;
}

const TEXT = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
const EXAMPLE = new URL('../../.env.example', import.meta.url);
const { services, volumes } = parse(TEXT, { merge: true }) as {
  services: Readonly<Record<string, Service>>;
  volumes: object;
};
const named = Object.entries(services);

function serviceOf(name: string): Service {
  const service = services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}

function ofProfile(profile: string): string[] {
  return named.filter(([, { profiles = [] }]) => profiles.includes(profile)).map(([name]) => name);
}

/** Who a service is in MySQL, unless told otherwise. */
function userOf(name: string): string | undefined {
  return /:-mysql:\/\/(\w+):/.exec(serviceOf(name).environment?.['DATABASE_URL'] ?? '')?.[1];
}

/** As Docker Compose gives it to the container. */
function scriptOf(name: string): string {
  return (serviceOf(name).command?.[2] ?? '').replaceAll('$$', '$');
}

/** Runs the command of a Redis service, with a port of 127.0.0.1 in the place of a network of its own. */
async function startAsInCompose(name: string): Promise<RunningServer> {
  const home = mkdtempSync(join(process.env['FIRSTCOME_TEST_DIR'] ?? tmpdir(), 'firstcome-test-compose-'));
  atEndOfFile(async () => rmSync(home, { recursive: true, force: true }));
  const { hostname = '', environment = {} } = serviceOf(name);
  const program = `#!/bin/sh\nexec ${findBinary('redis-server')} "$@" --port "$PORT" --bind 127.0.0.1\n`;
  writeFileSync(join(home, 'redis-server'), program, { mode: 0o755 });
  const env = { PATH: `${home}:${process.env['PATH']}`, HOSTNAME: hostname, ...environment };
  const server = await startServer({
    name,
    dir: join(home, 'server'),
    url: (port) => `redis://127.0.0.1:${port}`,
    answers: redisAnswers,
    command: (port) => ({ binary: 'env', args: [`PORT=${port}`, 'sh', '-c', scriptOf(name)] }),
    env,
  });
  atEndOfFile(() => server.kill('SIGKILL'));
  return server;
}

describe('every service', () => {
  it.each(named)('%s says how its health is seen', (_name, { healthcheck }) => {
    expect(healthcheck).toBeDefined();
  });

  it.each(named)(
    '%s waits only for services that there are, and must wait for none of another profile',
    (_name, of) => {
      for (const [other, { required = true }] of Object.entries(of.depends_on ?? {})) {
        const { profiles = [] } = serviceOf(other);
        const isThere = profiles.length === 0 || profiles.some((profile) => of.profiles?.includes(profile));
        expect([other, isThere || !required]).toEqual([other, true]);
      }
    },
  );

  it('can be reached from this machine only, unless an address is given for the instances or for the balancer', () => {
    const ports = named.flatMap(([name, { ports: published = [] }]) => published.map((port) => [name, port] as const));
    const opened = ports.filter(([, port]) => !port.startsWith('127.0.0.1:'));
    expect(opened.map(([name, port]) => [name, port.split(':$')[0]])).toEqual([
      ['app', '${APP_ADDRESS:-127.0.0.1}'],
      ['app-b', '${APP_ADDRESS:-127.0.0.1}'],
      ['app-c', '${APP_ADDRESS:-127.0.0.1}'],
      ['lb', '${LB_ADDRESS:-127.0.0.1}'],
    ]);
  });

  it('has an image of a version that says which, and of which one knows what is in it', () => {
    for (const [name, { image = '' }] of named.filter(([, { image: of }]) => of !== 'firstcome'))
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+/)]);
  });

  it('keeps its data in a volume of its own', () => {
    const used = named.flatMap(([, { volumes: mounts = [] }]) =>
      mounts.flatMap((mount) => /^([a-z][a-z-]*):/.exec(mount)?.[1] ?? []),
    );
    expect(used.toSorted()).toEqual(Object.keys(volumes).toSorted());
  });
});

describe('what must be given', () => {
  const asked = new Set([...TEXT.matchAll(/\$\{(\w+):\?([^}]+)\}/g)].map(([, variable = '']) => variable));
  const examples = new Map(
    [...readFileSync(EXAMPLE, 'utf8').matchAll(/^(#?)(\w+)=(.*)$/gm)].map(
      ([, hash = '', variable = '', value = '']) => [variable, { isOptional: hash !== '', value }],
    ),
  );

  it('is every password, the token, and who callers are', () => {
    expect([...asked].toSorted()).toEqual([
      'ADMIN_TOKEN',
      'GRAFANA_PASSWORD',
      'IDENTITY_MODE',
      'MYSQL_MIGRATION_PASSWORD',
      'MYSQL_PASSWORD',
      'MYSQL_ROOT_PASSWORD',
    ]);
    // Which no other place gives a default.
    for (const variable of asked) expect(TEXT).not.toMatch(new RegExp(`\\$\\{${variable}(:?-|\\})`));
    expect(TEXT).toMatch(/\$\{IDENTITY_MODE:\?[^}]*'trusted-callers' \(.+\) or 'required' \(.+\)[^}]*\}/);
  });

  it('stands empty in .env.example, and nothing else that is not there', () => {
    const needed = [...examples].flatMap(([variable, { isOptional }]) => (isOptional ? [] : [variable]));
    expect(needed.toSorted()).toEqual([...asked].toSorted());
    for (const variable of needed) expect(examples.get(variable)?.value).toBe('');
    for (const variable of examples.keys()) expect(TEXT).toContain(`\${${variable}:`);
  });

  it('the launcher gives where it takes Redis and MySQL from there', () => {
    const given = [...Object.keys(UNUSED), ...Object.keys(databaseVariables('firstcome'))];
    expect(given).toEqual(expect.arrayContaining([...asked]));
  });
});

describe('MySQL', () => {
  it('has accounts of its own for the instances and for those who migrate, on every server', () => {
    expect([userOf('app'), userOf('migrate')]).toEqual(['firstcome', 'firstcome_migrate']);
    for (const name of ['mysql', ...ofProfile('galera').filter((of) => of.startsWith('galera'))]) {
      expect(serviceOf(name).volumes).toContain('./config/mysql:/docker-entrypoint-initdb.d:ro');
      expect(Object.keys(serviceOf(name).environment ?? {}).toSorted()).toEqual([
        'MYSQL_DATABASE',
        'MYSQL_MIGRATION_PASSWORD',
        'MYSQL_PASSWORD',
        'MYSQL_ROOT_PASSWORD',
      ]);
    }
  });
});

describe('the profile sentinel', () => {
  const redisServers = ofProfile('sentinel').filter((name) => name.startsWith('redis'));

  it('has three servers and three sentinels, each known by its own name', () => {
    expect(redisServers).toHaveLength(3);
    expect(ofProfile('sentinel')).toHaveLength(6);
    for (const name of ofProfile('sentinel')) expect(serviceOf(name).hostname).toBe(name);
  });

  it.each(redisServers)('starts %s so that it loses nothing it need not lose', async (name) => {
    const redis = openRedis((await startAsInCompose(name)).url);
    const settings = [
      ['appendonly', 'yes'],
      ['maxmemory-policy', 'noeviction'],
      ['min-replicas-to-write', '1'],
      ['min-replicas-max-lag', '2'],
      ['repl-backlog-ttl', '0'],
      ['replica-announce-ip', name],
      ['replicaof', name === 'redis-a' ? '' : 'redis-a 6379'],
    ] as const;
    for (const setting of settings) expect(await redis.config('GET', setting[0])).toEqual(setting);
    // What a sentinel has it write down must outlive a restart.
    expect(await redis.config('REWRITE')).toBe('OK');
  });
});

describe('the profile galera', () => {
  const nodes = ofProfile('galera').filter((name) => name.startsWith('galera'));

  it('has nodes that all know each other', () => {
    expect(nodes).toHaveLength(3);
    for (const name of nodes) {
      expect(serviceOf(name).hostname).toBe(name);
      expect(serviceOf(name).command?.slice(-nodes.length)).toEqual(nodes);
    }
  });

  it('gives each further instance a node of its own, and none where the first one has another database', () => {
    const urls = ofProfile('galera')
      .filter((name) => name.startsWith('app'))
      .map((name) => serviceOf(name).environment?.['DATABASE_URL'] ?? '');
    expect(urls.map((url) => /@(galera-\w):/.exec(url)?.[1])).toEqual(['galera-b', 'galera-c']);
    for (const url of urls) expect(url).toMatch(/^\$\{MYSQL_HOST:\+mysql:.*\}$/);
  });
});

describe('the profile kafka', () => {
  const brokers = ofProfile('kafka');

  it('has brokers that all know each other, each by its own name and number', () => {
    expect(brokers).toHaveLength(3);
    const settings = brokers.map((name) => ({ ...serviceOf(name).environment }));
    const voters = settings.map(({ KAFKA_NODE_ID: id }, index) => `${id}@${brokers[index]}:9093`).join();
    for (const [index, name] of brokers.entries()) {
      expect(serviceOf(name).hostname).toBe(name);
      expect(settings[index]).toMatchObject({
        KAFKA_CONTROLLER_QUORUM_VOTERS: voters,
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${name}:9092`,
      });
    }
    expect(new Set(settings.map(({ KAFKA_NODE_ID: id }) => id)).size).toBe(brokers.length);
  });

  it('loses nothing that was acknowledged when one of them is gone, and goes on', () => {
    for (const name of brokers) {
      expect(serviceOf(name).environment).toMatchObject({
        KAFKA_DEFAULT_REPLICATION_FACTOR: brokers.length,
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: brokers.length,
        KAFKA_MIN_INSYNC_REPLICAS: brokers.length - 1,
      });
    }
  });
});
