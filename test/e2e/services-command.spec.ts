import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { isHidden, ownerOf, userName } from '../../scripts/services/process.mjs';
import { Checkout } from '../support/checkout.js';
import { AS_ANOTHER_USER, BOUND_BY_PERMISSIONS, isRoot } from '../support/other-user.js';

let checkout: Checkout;

beforeAll(async () => {
  checkout = Checkout.create();
  expect(await checkout.run('services', ['up'])).toMatchObject({ code: 0 });
});

describe('npm run services', () => {
  it('shows how it is used and ends with 2 for a word that it does not know', async () => {
    const { code, out, err } = await checkout.run('services', ['stauts']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^Usage: npm run services -- <command>/);
  });

  it('says in one line what it may not see', async () => {
    const dir = join(checkout.dir, '.services');
    chmodSync(dir, 0o000);
    const { code, out, err } = await checkout.run('services', ['status'], {}, BOUND_BY_PERMISSIONS);
    chmodSync(dir, 0o755);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^\/.+\.services\S* cannot be used: .+\.services is protected\. Change that, or .*\n$/);
  });

  // Only root can become another user.
  if (isRoot) {
    const asAnother = (...words: string[]) => checkout.run('services', words, {}, AS_ANOTHER_USER);

    it('tells another user, too, what runs, and who runs it', async () => {
      expect(await asAnother('status')).toMatchObject({
        code: 0,
        out: expect.stringMatching(
          /^Redis {5}redis:.* \(private, pid \d+, run by root\)\nMySQL {5}mysql:.* \(private, pid \d+, run by root\)\n$/,
        ),
      });
    });

    it.each(['up', 'down', 'reset'])('refuses another user %s, and leaves the servers alone', async (command) => {
      const before = await checkout.run('services', ['status']);
      const { code, out, err } = await asAnother(command);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toMatch(/^The redis server of this checkout \(pid \d+\) runs as root\. Do this as root, or .*\n$/);
      expect(await checkout.run('services', ['status'])).toEqual(before);
      expect(before.code).toBe(0);
    });

    it('does not take the silence of a server for its end', async () => {
      const { redis } = JSON.parse((await checkout.run('services', ['status', '--json'])).out);
      process.kill(redis.pid, 'SIGSTOP');
      const { code, out, err } = await asAnother('status');
      process.kill(redis.pid, 'SIGCONT');
      expect({ code, out, err }).toEqual({
        code: 1,
        out: '',
        err: `Whether Redis runs, only root may see (pid ${redis.pid}): ask as root\n`,
      });
    });
  } else {
    it('can tell that a process is another user’s, and whose', () => {
      expect({ isHidden: isHidden(1), owner: userName(ownerOf(1) ?? -1) }).toEqual({ isHidden: true, owner: 'root' });
      expect(isHidden(process.pid)).toBe(false);
    });
  }

  it('leaves no Redis behind when MySQL cannot be started', async () => {
    expect(await checkout.run('services', ['down'])).toMatchObject({ code: 0 });
    const server = join(checkout.dir, 'mariadbd');
    writeFileSync(server, '#!/bin/sh\n[ "$2" = --version ] && echo MariaDB && exit\necho no disk is left\nexit 7\n');
    chmodSync(server, 0o755);
    const PATH = `${checkout.dir}${delimiter}${process.env['PATH']}`;
    const { code, err } = await checkout.run('services', ['up'], { PATH });
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^MariaDB ended with code 7\. Its log, .+, ends with:\nno disk is left\n$/),
    });
    await checkout.expectNothingRuns();
    expect(await checkout.run('services', ['up'])).toMatchObject({ code: 0 });
  });

  it('says of servers that were stopped that they do not run, with code 3', async () => {
    expect(await checkout.run('services', ['down'])).toMatchObject({ code: 0 });
    await checkout.expectNothingRuns();
  });
});
