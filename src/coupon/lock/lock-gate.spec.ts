import { describe, expect, it } from '@jest/globals';
import { LockGate, LockGateTimeoutError } from './lock-gate.js';

const LONG_MS = 60_000;

/** Work that goes on until it is told to end; `started` has the names in the order in which they got in. */
class Workers {
  readonly started: string[] = [];
  private readonly ends = new Map<string, (error?: Error) => void>();

  work(name: string): () => Promise<string> {
    return () => {
      this.started.push(name);
      return new Promise((resolve, reject) => {
        this.ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
      });
    };
  }

  end(name: string, error?: Error): void {
    this.ends.get(name)?.(error);
  }
}

describe('LockGate', () => {
  it('lets at most maxConcurrent in and the others in the order in which they came', async () => {
    const gate = new LockGate(2, LONG_MS);
    const workers = new Workers();
    const runs = ['a', 'b', 'c', 'd'].map((name) => gate.run(workers.work(name)));
    expect(workers.started).toEqual(['a', 'b']);

    workers.end('b');
    await runs[1];
    await settled();
    expect(workers.started).toEqual(['a', 'b', 'c']);

    workers.end('a');
    workers.end('c');
    await settled();
    expect(workers.started).toEqual(['a', 'b', 'c', 'd']);
    workers.end('d');
    expect(await Promise.all(runs)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('lets the next one in after work that failed', async () => {
    const gate = new LockGate(1, LONG_MS);
    const workers = new Workers();
    const failing = gate.run(workers.work('a'));
    const next = gate.run(workers.work('b'));

    workers.end('a', new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await settled();
    workers.end('b');
    expect(await next).toBe('b');
  });

  it('refuses those whose turn does not come in time; their work never runs and their place is not lost', async () => {
    const gate = new LockGate(1, 20);
    const workers = new Workers();
    const first = gate.run(workers.work('a'));
    await expect(gate.run(workers.work('b'))).rejects.toThrow(LockGateTimeoutError);
    await expect(gate.run(workers.work('c'))).rejects.toThrow(LockGateTimeoutError);

    workers.end('a');
    await first;
    const last = gate.run(workers.work('d'));
    expect(workers.started).toEqual(['a', 'd']);
    workers.end('d');
    expect(await last).toBe('d');
  });
});

/** All that follows from what has been resolved so far has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
