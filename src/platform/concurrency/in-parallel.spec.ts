import { describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inParallel } from './in-parallel.js';

describe('inParallel', () => {
  it('does the work for each item, and for no more than the limit at once', async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await nextTurn();
      running -= 1;
      done.push(item);
    });
    expect(done).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('goes on with the others while one takes long', async () => {
    const done: string[] = [];
    const others = new EventEmitter();
    const work = inParallel(['slow', 'one', 'other'], 2, async (item) => {
      if (item === 'slow') await once(others, 'done');
      done.push(item);
    });
    while (done.length < 2) await nextTurn();
    others.emit('done');
    await work;
    expect(done).toEqual(['one', 'other', 'slow']);
  });

  it('rejects with the first error, and begins nothing more', async () => {
    const begun: number[] = [];
    const work = inParallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      await nextTurn();
      if (item === 1) throw new Error('of the first');
    });
    await expect(work).rejects.toThrow('of the first');
    await nextTurn();
    expect(begun.length).toBeLessThan(4);
  });
});
