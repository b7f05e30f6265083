import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { EventEmitter } from 'node:events';
import { EventStream, Heartbeat } from './event-stream.js';

const HEARTBEAT_MS = 15_000;

class Answer extends EventEmitter {
  destroyed = false;
  readonly flushHeaders = jest.fn();

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

/** A stream that has begun, and of which nothing is read yet. */
function begin(heartbeat: Heartbeat) {
  const answer = new Answer();
  const reply = {
    raw: answer,
    request: { raw: { socket: new EventEmitter() } },
    headers: () => reply,
    send: jest.fn(),
  };
  const onGone = jest.fn();
  const stream = new EventStream(heartbeat);
  stream.begin(reply as unknown as FastifyReply, onGone);
  return { stream, answer, onGone };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a stream of events', () => {
  it('gives what was sent before it was read, then its end', async () => {
    const { stream } = begin(new Heartbeat());
    stream.send('step', 7, { to: 1 });
    stream.close();
    stream.send('step', 8, { to: 2 });
    expect(await stream.read()).toEqual({ done: false, value: 'retry: 2000\nid: 7\nevent: step\ndata: {"to":1}\n\n' });
    expect(await stream.read()).toEqual({ done: true });
  });

  it('is kept alive while nothing happens', async () => {
    const { stream, answer } = begin(new Heartbeat());
    await stream.read();
    for (let beat = 1; beat <= 3; beat += 1) {
      const chunk = stream.read();
      jest.advanceTimersByTime(HEARTBEAT_MS);
      expect(await chunk).toEqual({ done: false, value: ':\n\n' });
    }
    expect(answer.destroyed).toBe(false);
  });

  it('is cut off when the client reads nothing', async () => {
    const heartbeat = new Heartbeat();
    const [reading, idle] = [begin(heartbeat), begin(heartbeat)];
    for (const { stream } of [reading, idle]) await stream.read();
    jest.advanceTimersByTime(HEARTBEAT_MS);
    await reading.stream.read();
    jest.advanceTimersByTime(HEARTBEAT_MS);
    expect([reading, idle].map(({ answer, onGone }) => [answer.destroyed, onGone.mock.calls.length])).toEqual([
      [false, 0],
      [true, 1],
    ]);
  });

  it('takes no timer when it is the last and has gone', () => {
    const heartbeat = new Heartbeat();
    const streams = [begin(heartbeat), begin(heartbeat)];
    expect(jest.getTimerCount()).toBe(1);
    for (const { answer } of streams) answer.destroy();
    expect(jest.getTimerCount()).toBe(0);
  });
});
