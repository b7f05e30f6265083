import { describe, expect, it } from '@jest/globals';
import { GateTimeoutError, KeyedGate } from './keyed-gate.js';

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

describe('KeyedGate', () => {
  it('lets at most maxConcurrent in and the others in the order in which they came', async () => {
    const gate = new KeyedGate<number>({ maxConcurrent: 2, maxPerKey: 2, waitMs: LONG_MS });
    const workers = new Workers();
    const runs = ['a', 'b', 'c', 'd'].map((name) => gate.run(1, workers.work(name)));
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
    const gate = new KeyedGate<number>({ maxConcurrent: 1, maxPerKey: 1, waitMs: LONG_MS });
    const workers = new Workers();
    const failing = gate.run(1, workers.work('a'));
    const next = gate.run(1, workers.work('b'));

    workers.end('a', new Error('broken'));
    await expect(failing).rejects.toThrow('broken');
    await settled();
    workers.end('b');
    expect(await next).toBe('b');
  });

  it('refuses those whose turn does not come in time; their work never runs and their place is not lost', async () => {
    const gate = new KeyedGate<number>({ maxConcurrent: 1, maxPerKey: 1, waitMs: 20 });
    const workers = new Workers();
    const first = gate.run(1, workers.work('a'));
    await expect(gate.run(1, workers.work('b'))).rejects.toThrow(GateTimeoutError);
    await expect(gate.run(1, workers.work('c'))).rejects.toThrow(GateTimeoutError);

    workers.end('a');
    await first;
    const last = gate.run(1, workers.work('d'));
    expect(workers.started).toEqual(['a', 'd']);
    workers.end('d');
    expect(await last).toBe('d');
  });

  it('lets at most maxPerKey of a key in; one that is stuck does not hold up the line of the others', async () => {
    const gate = new KeyedGate<number>({ maxConcurrent: 3, maxPerKey: 2, waitMs: LONG_MS });
    const workers = new Workers();
    const stuck = ['a', 'b', 'c', 'd'].map((name) => gate.run(1, workers.work(name)));
    const others = ['x', 'y'].map((name) => gate.run(2, workers.work(name)));
    expect(workers.started).toEqual(['a', 'b', 'x']);

    workers.end('x');
    await settled();
    expect(workers.started).toEqual(['a', 'b', 'x', 'y']);
    workers.end('y');
    expect(await Promise.all(others)).toEqual(['x', 'y']);

    for (const name of ['a', 'b', 'c', 'd']) {
      workers.end(name);
      await settled();
    }
    expect(workers.started).toEqual(['a', 'b', 'x', 'y', 'c', 'd']);
    expect(await Promise.all(stuck)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses those in line for a key that is stuck, and serves it again afterwards', async () => {
    const gate = new KeyedGate<number>({ maxConcurrent: 2, maxPerKey: 1, waitMs: 20 });
    const workers = new Workers();
    const first = gate.run(1, workers.work('a'));
    await expect(gate.run(1, workers.work('b'))).rejects.toThrow(GateTimeoutError);
    const other = gate.run(2, workers.work('x'));
    workers.end('x');
    expect(await other).toBe('x');

    workers.end('a');
    await first;
    const last = gate.run(1, workers.work('c'));
    workers.end('c');
    expect(await last).toBe('c');
  });
});

/** All that follows from what has been resolved so far has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
