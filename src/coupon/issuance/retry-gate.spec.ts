import { describe, expect, it, jest } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { RetryGate } from './retry-gate.js';

/** An attempt that a test ends. */
class Attempt {
  readonly run = jest.fn(() => this.outcome);
  succeed: (value: string) => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  private readonly outcome = new Promise<string>((resolve, reject) => {
    this.succeed = resolve;
    this.fail = reject;
  });

  get hasBegun(): boolean {
    return this.run.mock.calls.length > 0;
  }
}

describe('RetryGate', () => {
  it('runs so many at once, and the next one when one has ended, well or not', async () => {
    const gate = new RetryGate(2);
    const { signal } = new AbortController();
    const attempts = [new Attempt(), new Attempt(), new Attempt(), new Attempt()] as const;
    const outcomes = Promise.allSettled(attempts.map(({ run }) => gate.run(run, signal)));
    const begun = async () => {
      await nextTurn();
      return attempts.map(({ hasBegun }) => hasBegun);
    };
    expect(await begun()).toEqual([true, true, false, false]);
    attempts[1].fail(new Error('locked'));
    expect(await begun()).toEqual([true, true, true, false]);
    attempts[0].succeed('done');
    expect(await begun()).toEqual([true, true, true, true]);
    for (const { succeed } of attempts) succeed('done');
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  it('lets those who wait go when it is stopped, and keeps no place for them', async () => {
    const gate = new RetryGate(1);
    const stop = new AbortController();
    const [inside, waiting, late, next] = [new Attempt(), new Attempt(), new Attempt(), new Attempt()];
    const first = gate.run(inside.run, stop.signal);
    const second = gate.run(waiting.run, stop.signal);
    stop.abort(new Error('the end'));
    await expect(second).rejects.toThrow('the end');
    await expect(gate.run(late.run, stop.signal)).rejects.toThrow('the end');
    inside.succeed('done');
    expect(await first).toBe('done');
    next.succeed('done');
    expect(await gate.run(next.run, new AbortController().signal)).toBe('done');
    expect([waiting, late].map(({ hasBegun }) => hasBegun)).toEqual([false, false]);
  });
});
