import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { MessageEvent } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { EventEmitter } from 'node:events';
import type { Subscription } from 'rxjs';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { SnapshotStream } from './snapshot-stream.service.js';
import type { SnapshotService } from './snapshot.service.js';

/** Longer than the time between two snapshots. */
const A_WHILE_MS = 1_300;

const taken: Array<{ coupons: readonly number[]; streams: number }> = [];
const snapshots = {
  async take(coupons: readonly number[], streams: number) {
    taken.push({ coupons: [...coupons], streams });
    return { at: taken.length };
  },
} as unknown as SnapshotService;

const open: Subscription[] = [];

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
  for (const subscription of open.splice(0)) subscription.unsubscribe();
  taken.length = 0;
});

function listen(stream: SnapshotStream, coupons: number[] = []): { heard: MessageEvent[]; subscription: Subscription } {
  const heard: MessageEvent[] = [];
  const reply = { raw: Object.assign(new EventEmitter(), { socket: null }) } as unknown as FastifyReply;
  const subscription = stream.listen(coupons, reply).subscribe((event) => heard.push(event));
  open.push(subscription);
  return { heard, subscription };
}

describe('the stream of snapshots', () => {
  it('takes one snapshot a second for all who listen', async () => {
    const stream = new SnapshotStream(snapshots, new MetricsRegistry());
    const [first, second] = [listen(stream, [7]), listen(stream, [7, 9])];
    await jest.advanceTimersByTimeAsync(A_WHILE_MS);
    expect(taken).toHaveLength(2);
    expect(taken[1]).toEqual({ coupons: [7, 9], streams: 2 });
    expect(first.heard).toEqual([
      { type: 'snapshot', data: '{"at":1}' },
      { type: 'snapshot', data: '{"at":2}' },
    ]);
    expect(second.heard).toEqual(first.heard);
  });

  it('gives the latest one at once to who comes later', async () => {
    const stream = new SnapshotStream(snapshots, new MetricsRegistry());
    listen(stream);
    await jest.advanceTimersByTimeAsync(50);
    expect(listen(stream).heard).toHaveLength(1);
    expect(taken).toHaveLength(1);
  });

  it('takes none when nobody listens, and forgets who has hung up', async () => {
    const stream = new SnapshotStream(snapshots, new MetricsRegistry());
    await jest.advanceTimersByTimeAsync(50);
    expect(taken).toHaveLength(0);
    const { subscription } = listen(stream, [7]);
    await jest.advanceTimersByTimeAsync(50);
    subscription.unsubscribe();
    await jest.advanceTimersByTimeAsync(A_WHILE_MS);
    expect(taken).toHaveLength(1);
    listen(stream);
    await jest.advanceTimersByTimeAsync(50);
    expect(taken[1]).toEqual({ coupons: [], streams: 1 });
  });

  it('ends with the application', async () => {
    const stream = new SnapshotStream(snapshots, new MetricsRegistry());
    const { subscription } = listen(stream);
    await jest.advanceTimersByTimeAsync(50);
    stream.onModuleDestroy();
    expect(subscription.closed).toBe(true);
  });
});
