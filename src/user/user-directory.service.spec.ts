import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Newcomers } from './newcomers.service.js';
import { UserDirectory } from './user-directory.service.js';
import { UserRepository } from './user.repository.js';

const TTL_MS = 1000;

/**
 * Immediates set together are callbacks of their own in one turn of the event loop, as requests that arrive together
 * are.
 */
async function inCallbackOfItsOwn<T>(work: () => Promise<T>): Promise<T> {
  return await new Promise((resolve, reject) => {
    setImmediate(() => void work().then(resolve, reject));
  });
}

describe('UserDirectory', () => {
  const findExistingIds = jest.fn<UserRepository['findExistingIds']>();
  const users = Object.assign<UserRepository, Partial<UserRepository>>(Object.create(UserRepository.prototype), {
    findExistingIds,
  });
  const register = jest.fn<Newcomers['register']>();
  const newcomers = Object.assign<Newcomers, Partial<Newcomers>>(Object.create(Newcomers.prototype), { register });
  const purchases = { maxConnections: 5, waitMs: 3_000 };
  const directoryOf = (cacheTtlMs = TTL_MS) =>
    new UserDirectory({ user: { cacheSize: 10_000, cacheTtlMs, purchases } }, users, newcomers);
  let directory: UserDirectory;

  beforeEach(() => {
    register.mockReset().mockResolvedValue();
    findExistingIds.mockReset().mockImplementation(async (ids) => ids.filter((id) => id < 5000));
    directory = directoryOf();
  });

  it('asks once for everybody who came in during one turn of the event loop', async () => {
    const answers = await Promise.all(
      [1, 6000, 1, 7].map((userId) => inCallbackOfItsOwn(() => directory.exists(userId))),
    );

    expect(answers).toEqual([true, false, true, true]);
    expect(findExistingIds.mock.calls).toEqual([[[1, 6000, 7]]]);
  });

  it('asks for at most 1000 ids at a time', async () => {
    await Promise.all(Array.from({ length: 2500 }, (_, i) => directory.exists(i + 1)));
    expect(findExistingIds.mock.calls.map(([ids]) => ids.length)).toEqual([1000, 1000, 500]);
  });

  it('has two look-ups under way at most, and what comes in meanwhile shares the next one', async () => {
    const held: Array<() => void> = [];
    findExistingIds.mockImplementation(async (ids) => {
      await new Promise<void>((resolve) => held.push(resolve));
      return [...ids];
    });
    const asked: Array<Promise<boolean>> = [];
    for (let userId = 1; userId <= 6; userId += 1) {
      asked.push(directory.exists(userId));
      await delay(5);
    }
    expect(findExistingIds.mock.calls).toEqual([[[1]], [[2]]]);

    held.shift()?.();
    await delay(5);
    expect(findExistingIds.mock.calls).toEqual([[[1]], [[2]], [[3, 4, 5, 6]]]);
    for (const letGo of held) letGo();
    expect(await Promise.all(asked)).toEqual(Array.from({ length: 6 }, () => true));
  });

  it('lets nobody wait for a look-up after one that failed', async () => {
    const failing: Array<(error: Error) => void> = [];
    findExistingIds.mockImplementation(async () => await new Promise<number[]>((_, reject) => failing.push(reject)));
    const asked = Array.from({ length: 4000 }, (_, index) => directory.exists(index + 1).catch(String));
    await delay(5);
    expect(failing).toHaveLength(2);

    failing[0]?.(new Error('no answer'));
    await delay(5);
    expect(failing).toHaveLength(4);
    for (const fail of failing) fail(new Error('no answer'));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['Error: no answer']));
  });

  it('remembers a yes for its time, and a no not at all', async () => {
    directory = directoryOf(500);
    expect(directory.isKnown(1)).toBe(false);
    await directory.exists(1);
    await directory.exists(6000);
    expect(directory.isKnown(1)).toBe(true);
    expect(directory.isKnown(6000)).toBe(false);

    await directory.exists(1);
    await directory.exists(6000);
    expect(findExistingIds.mock.calls).toEqual([[[1]], [[6000]], [[6000]]]);

    await delay(550);
    expect(directory.isKnown(1)).toBe(false);
  });

  it('registers newcomers with the look-up that did not find them, all at once, and knows them from then on', async () => {
    const [ann, bob] = [{ name: 'Ann' }, {}];
    const answers = await Promise.all([
      directory.exists(1, ann),
      directory.exists(6000, ann),
      directory.exists(6001, bob),
      directory.exists(6000, ann),
      directory.exists(6002),
    ]);
    expect(answers).toEqual([true, true, true, true, false]);
    expect(register.mock.calls).toEqual([
      [
        new Map([
          [6000, ann],
          [6001, bob],
        ]),
      ],
    ]);
    expect([1, 6000, 6001, 6002].map((userId) => directory.isKnown(userId))).toEqual([true, true, true, false]);
  });

  it('does not know newcomers who could not be registered', async () => {
    register.mockRejectedValueOnce(new Error('connection lost'));
    await expect(directory.exists(6000, {})).rejects.toThrow('connection lost');
    expect(directory.isKnown(6000)).toBe(false);
    await expect(directory.exists(6000, {})).resolves.toBe(true);
  });

  it('passes a database error on to everyone who waited, and asks again the next time', async () => {
    findExistingIds.mockRejectedValueOnce(new Error('connection lost'));
    const answers = await Promise.allSettled([directory.exists(1), directory.exists(2)]);
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected']);

    await expect(directory.exists(1)).resolves.toBe(true);
  });
});
