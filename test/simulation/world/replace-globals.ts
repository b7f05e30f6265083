import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import type { WorldEvent } from './event-queue.js';
import type { World } from './world.js';

let world: World | undefined;

/** From here on time and chance are those of this world. */
export function enter(next: World): void {
  world = next;
}

function theWorld(): World {
  if (world === undefined) throw new Error('time or chance was asked for outside of a simulated world');
  return world;
}

/**
 * Puts the world's time and chance in the place of Node's: timers, `Date`, `performance`, `hrtime`, `Math.random`,
 * `node:timers/promises` and `node:crypto`. Call it before anything is imported that is to live in the world;
 * syncBuiltinESMExports reaches what has been imported by name before.
 */
export function replaceGlobals(): void {
  replaceClocks();
  replaceTimers();
  replaceChance();
  syncBuiltinESMExports();
}

function replaceClocks(): void {
  const RealDate = Date;
  class SimulatedDate extends RealDate {
    constructor(...parts: unknown[]) {
      if (parts.length === 0) super(SimulatedDate.now());
      else super(...(parts as ConstructorParameters<DateConstructor>));
    }

    static override now(): number {
      return Math.floor(theWorld().wallClockMs(theWorld().party));
    }
  }
  globalThis.Date = SimulatedDate as DateConstructor;
  performance.now = () => theWorld().now;
  process.hrtime = Object.assign(hrtime, { bigint: () => BigInt(Math.round(theWorld().now * 1e6)) });
}

/** Seconds and nanoseconds, since `before` where that is given. */
function hrtime(before: [number, number] = [0, 0]): [number, number] {
  const nanoseconds = Math.round(theWorld().now * 1e6) - before[0] * 1e9 - before[1];
  return [Math.floor(nanoseconds / 1e9), nanoseconds % 1e9];
}

type Callback = (...args: unknown[]) => void;

/** Stands for Node's Timeout and Immediate. */
class Timer {
  constructor(private readonly stop: () => void) {}

  cancel(): void {
    this.stop();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }
}

function replaceTimers(): void {
  const immediate = once('immediate', IMMEDIATE_MS);
  Object.assign(globalThis, {
    setTimeout: once('timer', 1),
    setImmediate: (callback: Callback, ...args: unknown[]) => immediate(callback, 0, ...args),
    setInterval: (callback: Callback, ms: number, ...args: unknown[]) =>
      new Timer(theWorld().every(Math.max(1, ms), () => callback(...args))),
    clearTimeout: cancel,
    clearInterval: cancel,
    clearImmediate: cancel,
  });
  Object.assign(timersPromises, {
    setTimeout: delay,
    setImmediate: (value?: unknown) =>
      new Promise((resolve) => theWorld().soon(IMMEDIATE_MS, 'immediate', () => resolve(value))),
  });
}

/** Calls back once, after `least` milliseconds or more. */
function once(label: string, least: number) {
  return (callback: Callback, ms: unknown = 0, ...args: unknown[]): Timer =>
    timerOf(theWorld().soon(Math.max(least, Number(ms) || 0), label, () => callback(...args)));
}

/** A turn of the event loop takes this long. */
const IMMEDIATE_MS = 0.001;

function timerOf(event: WorldEvent): Timer {
  return new Timer(() => (event.isCancelled = true));
}

function cancel(timer: unknown): void {
  if (timer instanceof Timer) timer.cancel();
}

async function delay<T>(ms = 1, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> {
  return await new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const giveUp = (): void => {
      event.isCancelled = true;
      reject(signal?.reason);
    };
    const event = theWorld().soon(Math.max(1, ms), 'delay', () => {
      signal?.removeEventListener('abort', giveUp);
      resolve(value);
    });
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** One stream for whatever the application draws. */
function draw(): number {
  return theWorld().applicationChance.next();
}

function replaceChance(): void {
  const fill = <T extends Uint8Array>(bytes: T): T => {
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = Math.floor(draw() * 256);
    return bytes;
  };
  Math.random = draw;
  Object.assign(crypto, {
    randomUUID: () => `${hex(draw())}-${hex(draw())}`,
    randomFillSync: fill,
    randomBytes: (size: number) => fill(Buffer.alloc(size)),
    randomInt: (...range: number[]) => {
      const [min, max] = range.length === 1 ? [0, range[0] as number] : (range as [number, number]);
      return min + Math.floor(draw() * (max - min));
    },
  });
}

function hex(random: number): string {
  return Math.floor(random * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
