import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NodeSync } from './node-sync.js';

/** A node that answers when the test says so; `DO 0` at once unless it stands still. */
class Node {
  standsStill = false;
  asked = 0;
  private waiting: Array<{ resolve: () => void; reject: (error: Error) => void }> = [];

  run(statements: readonly string[]): Promise<void> {
    if (statements[0] === 'DO 0' && !this.standsStill) return Promise.resolve();
    this.asked += 1;
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  close(): void {
    this.answer(new Error('closed'));
  }

  answer(error?: Error): void {
    for (const { resolve, reject } of this.waiting.splice(0)) {
      if (error === undefined) resolve();
      else reject(error);
    }
  }
}

function after(ms: number): Promise<void> {
  return jest.advanceTimersByTimeAsync(ms);
}

describe('a read of a node of a Galera cluster', () => {
  let node: Node;
  let sync: NodeSync;
  const late = jest.fn();

  beforeEach(() => {
    jest.useFakeTimers();
    late.mockReset();
    node = new Node();
    sync = new NodeSync(node);
  });

  afterEach(() => {
    sync.close();
    jest.useRealTimers();
  });

  it('that is answered soon has nobody ask the node', async () => {
    const answered = sync.watch(late);
    await after(900);
    answered();
    await after(10_000);
    expect({ asked: node.asked, late: late.mock.calls.length }).toEqual({ asked: 0, late: 0 });
  });

  it('is late after two seconds in which the node has not caught up', async () => {
    sync.watch(late);
    await after(1_900);
    expect(late).not.toHaveBeenCalled();
    expect(sync.isBehind).toBe(false);
    await after(200);
    expect(late).toHaveBeenCalledTimes(1);
    expect(sync.isBehind).toBe(true);
    node.answer();
    await after(0);
    expect(sync.isBehind).toBe(false);
  });

  it('that merely takes long is left alone', async () => {
    const answered = sync.watch(late);
    for (let second = 1; second <= 8; second += 1) {
      await after(1_000);
      node.answer();
    }
    answered();
    expect(node.asked).toBeGreaterThan(1);
    expect({ late: late.mock.calls.length, isBehind: sync.isBehind }).toEqual({ late: 0, isBehind: false });
  });

  it('that gave up beside others is not late any more', async () => {
    const answered = sync.watch(late);
    await after(1_500);
    answered();
    await after(10_000);
    expect(late).not.toHaveBeenCalled();
  });

  it('is not for the node to catch up when the node stands still', async () => {
    node.standsStill = true;
    sync.watch(late);
    await after(10_000);
    expect({ late: late.mock.calls.length, isBehind: sync.isBehind }).toEqual({ late: 0, isBehind: false });
    node.answer(new Error('silent for 5 s'));
    await after(10_000);
    expect(late).not.toHaveBeenCalled();
  });

  it('is refused as long as the node says that it cannot be had, and the node is asked again', async () => {
    sync.watch(late);
    await after(2_100);
    node.answer(new Error('Lock wait timeout exceeded'));
    await after(1_000);
    expect({ asked: node.asked, isBehind: sync.isBehind }).toEqual({ asked: 2, isBehind: true });
    node.answer();
    await after(1_000);
    expect({ asked: node.asked, isBehind: sync.isBehind }).toEqual({ asked: 2, isBehind: false });
  });

  it('is refused no longer when the node is gone: then that is what is wrong', async () => {
    sync.watch(late);
    await after(2_100);
    node.standsStill = true;
    node.answer(new Error('connection lost'));
    await after(1_000);
    node.answer(new Error('connection refused'));
    await after(1_000);
    expect(sync.isBehind).toBe(false);
  });
});
