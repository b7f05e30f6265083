import { beforeEach, describe, expect, it } from '@jest/globals';
import { Semaphore } from './semaphore.js';

describe('Semaphore', () => {
  let admitted: string[];
  let semaphore: Semaphore<string>;

  beforeEach(() => {
    admitted = [];
    semaphore = new Semaphore(2, (waiter) => admitted.push(waiter));
    for (const waiter of ['a', 'b', 'c', 'd']) semaphore.enter(waiter);
  });

  it('admits at once while there is room, and then in the order in which they came', () => {
    expect(admitted).toEqual(['a', 'b']);
    expect([semaphore.inside, semaphore.waiting]).toEqual([2, 2]);
    semaphore.leave();
    expect(admitted).toEqual(['a', 'b', 'c']);
    // Nobody who comes now gets in before the next in line.
    semaphore.enter('e');
    semaphore.leave();
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
  });

  it('passes over the one that has given up', () => {
    semaphore.giveUp('c');
    semaphore.leave();
    expect(admitted).toEqual(['a', 'b', 'd']);
  });

  it('has room again once those inside have left and nobody waits', () => {
    expect(semaphore.dismiss()).toEqual(['c', 'd']);
    semaphore.leave();
    expect([semaphore.inside, semaphore.waiting]).toEqual([1, 0]);
    semaphore.enter('e');
    expect(admitted).toEqual(['a', 'b', 'e']);
  });
});
