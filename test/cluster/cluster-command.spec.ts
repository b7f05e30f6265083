import { chmodSync, existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ProcessStatus, SetStatus } from '../../scripts/cluster/set.mjs';
import { sendSignal, waitForEnd } from '../../scripts/services/process.mjs';
import { Checkout } from '../support/checkout.js';
import { atEndOfFile } from '../support/cleanup.js';
import { AS_ANOTHER_USER, isRoot } from '../support/other-user.js';
import { eventually } from '../support/poll.js';
import type { Ended } from '../support/run-command.js';

/** `npm run cluster` as a user types it, in a checkout whose path has a space. Each test goes on where the one before ended. */

const UP = ['up', '--instances', '2'];
const MEMBERS = [
  ['redis-1', 'redis-primary'],
  ['mysql-1', 'mysql'],
  ['app-1', 'app'],
  ['app-2', 'app'],
  ['dns', 'dns'],
  ['balancer', 'balancer'],
];

let checkout: Checkout;

beforeAll(async () => {
  checkout = Checkout.create({ name: 'a set' });
  atEndOfFile(async () => void (await cluster('down')));
});

function cluster(...words: string[]): Promise<Ended> {
  return checkout.run('cluster', words);
}

async function status(): Promise<{ code: number | null; set: SetStatus }> {
  const { code, out } = await cluster('status', '--json');
  return { code, set: JSON.parse(out) };
}

async function memberNamed(name: string): Promise<ProcessStatus> {
  const found = (await status()).set.processes.find((member) => member.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

async function end(name: string): Promise<void> {
  const pid = Number((await memberNamed(name)).pid);
  sendSignal(pid, 'SIGKILL');
  expect(await waitForEnd(pid, 60_000)).toBe(true);
}

function withoutPid({ pid: _pid, ...rest }: ProcessStatus): Omit<ProcessStatus, 'pid'> {
  return rest;
}

function setDir(): string {
  return join(checkout.dir, '.services', 'cluster');
}

/** A program to be taken for HAProxy. */
function balancerThat(does: string): string {
  const file = join(checkout.dir, 'balancer.sh');
  writeFileSync(file, `#!/bin/sh\n${does}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** Of the processes that work below the checkout; elsewhere than on Linux nobody tells. */
function workingDirectories(): string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(workingDirectory)
    .filter((dir) => dir.startsWith(checkout.dir));
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended meanwhile, or is none of ours.
    return '';
  }
}

describe('npm run cluster', () => {
  it.each([
    '',
    'upp',
    'up app-1',
    'up --redis many',
    'up --database postgres',
    'up --instances 0',
    'up --instances 11',
    'up --json',
    'up --kafka 3',
    'status --kafka',
    'down --redis single',
    'start',
    'start app-1 app-2',
  ])('says how it is used, and does nothing, for the words "%s"', async (line) => {
    const words = line.split(' ').filter(Boolean);
    const { code, out, err } = await cluster(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^[^\n]+\n\nUsage: npm run cluster -- <command>\n/);
    expect(existsSync(join(setDir(), 'set.json'))).toBe(false);
  });

  it('says before there is a set that there is none', async () => {
    expect(await status()).toEqual({ code: 3, set: { address: null, processes: [] } });
    expect(await cluster('status')).toMatchObject({
      code: 3,
      out: 'There is no set; start one: npm run cluster -- up\n',
    });
    expect(await cluster('start', 'app-1')).toMatchObject({
      code: 1,
      out: '',
      err: 'There is no set; start one: npm run cluster -- up\n',
    });
    expect(await cluster('down')).toMatchObject({ code: 0, err: '' });
  });

  it('leaves nothing running when one of the processes cannot be started', async () => {
    const HAPROXY_PATH = balancerThat('echo nothing is left to bind; exit 7');
    const { code, out, err } = await checkout.run('cluster', UP, { HAPROXY_PATH });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/HAProxy ended with code 7\. Its log, .+, ends with:\nnothing is left to bind\n$/);
    expect(workingDirectories()).toEqual([]);
    expect(await status()).toEqual({ code: 3, set: { address: null, processes: [] } });
  });

  it('ends what it has begun when it is interrupted', async () => {
    const command = checkout.begin('cluster', UP, { HAPROXY_PATH: balancerThat('exec sleep 1000') });
    await eventually(() => expect(workingDirectories()).toContain(join(setDir(), 'balancer', 'data')));
    expect(await command.kill('SIGINT')).toEqual({ code: 130, signal: null });
    expect(command.logs).toMatch(/\nEnded before the set was ready\n$/);
    expect(workingDirectories()).toEqual([]);
    expect(await status()).toEqual({ code: 3, set: { address: null, processes: [] } });
  });

  it('starts one set for two who ask at once, migrated and seeded, and says where it is', async () => {
    const both = await Promise.all([cluster(...UP), cluster(...UP)]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[0].out).toBe(both[1].out);
    expect(both.filter(({ err }) => err.includes('The set runs already'))).toHaveLength(1);

    const { code, set } = await status();
    expect(code).toBe(0);
    expect(set.processes).toEqual(
      MEMBERS.map(([name, role]) => ({
        name,
        role,
        address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        pid: expect.any(Number),
      })),
    );
    expect(set.address).toBe(`http://${(await memberNamed('balancer')).address}`);
    expect(both[0].out).toContain(`  address    ${set.address}\n`);
    const coupon = await fetch(`${set.address}/api/coupons/1`);
    expect(await coupon.json()).toMatchObject({ name: 'WELCOME10', totalQuantity: 1000 });
    for (const app of ['app-1', 'app-2']) {
      const ready = await fetch(`http://${(await memberNamed(app)).address}/health/ready`);
      expect(await ready.json()).toMatchObject({ status: 'ok' });
    }
  });

  it('does not start another set beside the one that runs', async () => {
    const before = await status();
    const { code, out, err } = await cluster('up', '--redis', 'sentinel');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(
      'Another set runs, up --redis single --database single --instances 2. Stop it first: npm run cluster -- down\n',
    );
    expect(await status()).toEqual(before);
  });

  it.each(['redis-1', 'mysql-1', 'app-2', 'dns', 'balancer'])(
    'tells that %s has died, and starts it again as it was',
    async (name) => {
      const before = await status();
      await end(name);
      const { code, set } = await status();
      expect(code).toBe(3);
      expect(set.processes.filter(({ pid }) => pid === null)).toEqual([{ ...(await memberNamed(name)), pid: null }]);
      const remedy = `npm run cluster -- start ${name}`;
      expect(await cluster('status')).toMatchObject({ code: 3, out: expect.stringContaining(remedy) });
      expect(await cluster(...UP)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(remedy) });

      expect(await cluster('start', name)).toMatchObject({ code: 0, out: `${name} runs again\n`, err: '' });
      const after = await status();
      expect(after.code).toBe(0);
      expect(after.set.processes.map(withoutPid)).toEqual(before.set.processes.map(withoutPid));
      expect(await cluster('start', name)).toMatchObject({ code: 0, out: `${name} runs already\n`, err: '' });
    },
  );

  // Only root can become another user.
  if (isRoot) {
    it.each(['status', 'up', 'down', 'start app-1'])('refuses another user %s', async (line) => {
      const before = await status();
      const { code, out, err } = await checkout.run('cluster', line.split(' '), {}, AS_ANOTHER_USER);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(/^The \S+ server of this checkout \(pid \d+\) runs as root\. Do this as root, or .*\n$/);
      expect(await status()).toEqual(before);
      expect(before.code).toBe(0);
    });
  }

  it('knows the names of its processes, and no other', async () => {
    expect(await cluster('start', 'app-3')).toMatchObject({
      code: 1,
      out: '',
      err: `There is no app-3; the set has ${MEMBERS.map(([name]) => name).join(', ')}\n`,
    });
  });

  it('keeps the data of what was started again', async () => {
    const { set } = await status();
    const coupon = await fetch(`${set.address}/api/coupons/1`);
    expect(await coupon.json()).toMatchObject({ name: 'WELCOME10' });
  });

  it('ends all of it, what stands still too, and keeps the logs', async () => {
    sendSignal(Number((await memberNamed('redis-1')).pid), 'SIGSTOP');
    sendSignal(Number((await memberNamed('app-1')).pid), 'SIGSTOP');
    expect(await cluster('down')).toMatchObject({ code: 0, err: '' });
    expect(workingDirectories()).toEqual([]);
    expect(await status()).toEqual({ code: 3, set: { address: null, processes: [] } });
    for (const [name = ''] of MEMBERS) expect(readdirSync(join(setDir(), name))).toEqual(['server.log']);
    expect(await cluster('down')).toMatchObject({ code: 0, err: '' });
  });
});
