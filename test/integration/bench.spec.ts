import { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { App } from '../../scripts/bench/app.mjs';
import { CASES } from '../../scripts/bench/cases.mjs';
import type { Generator, Load } from '../../scripts/bench/generator.mjs';
import { measure } from '../../scripts/bench/measure.mjs';
import { atEndOfFile } from '../support/cleanup.js';

const SECONDS = 5;
const CONNECTIONS = 64;

const dir = mkdtempSync(join(tmpdir(), 'firstcome-bench-'));
atEndOfFile(() => rm(dir, { recursive: true }));

/** Makes orders at once, and counts how many it was asked for. */
class ShopOfOrders extends App {
  readonly made: number[] = [];

  constructor() {
    super('as it is', new ChildProcess(), 1);
  }

  override async createOrders(count: number) {
    this.made.push(count);
    return Array.from({ length: count }, (_, index) => ({ orderId: index + 1, userId: 1000 }));
  }
}

/** A machine that makes so many requests a second; those beyond its list are refused, and so many of the others. */
function machine(perSecond: number, refusedOfList = 0): Generator {
  return {
    name: 'stand-in',
    version: '1',
    p95Is: 'p95',
    run: async (_url: string, { list = '' }: Load, seconds: number) => {
      const requests = perSecond * seconds;
      const beyond = Math.max(0, requests - readFileSync(list, 'utf8').trim().split('\n').length);
      return { requests, seconds, refused: beyond + refusedOfList, broken: 0, p50: 1, p95: 2, p99: 3 };
    },
  };
}

/** A round of payment: what was measured and said, and how many orders were made for each attempt. */
async function pay(generator: Generator) {
  const payment = CASES.find(({ name }) => name === 'payment');
  if (payment === undefined) throw new Error('there is no case payment');
  const app = new ShopOfOrders();
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const place = { app, databaseUrl: '', redisPid: null, dir, seconds: SECONDS };
  const measured = await measure(payment, place, { generator, connections: CONNECTIONS, pids: {}, say });
  return { measured, made: app.made, said };
}

describe('The benchmark of payments', () => {
  it('measures a slow machine on few orders, and any faster one after making more', async () => {
    for (const perSecond of [10, 3_000, 40_000]) {
      const { measured, made, said } = await pay(machine(perSecond));
      expect(measured).toMatchObject({ requests: perSecond * SECONDS, seconds: SECONDS });
      expect(said).toEqual(
        made.slice(0, -1).map((count) => `payment: ${count} requests were too few for this machine; again with more`),
      );
      expect(made.at(-1)).toBeGreaterThanOrEqual(perSecond * SECONDS + CONNECTIONS);
      if (perSecond === 10) expect(made).toEqual([500 * SECONDS]);
      // Of the next round it knows.
      expect((await pay(machine(perSecond))).made).toHaveLength(1);
    }
  });

  it('fails of a payment that is refused although there were orders enough', async () => {
    await expect(pay(machine(10, 1))).rejects.toThrow('payment: 1 of 50 requests were not answered as expected');
  });
});
