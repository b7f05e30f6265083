import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect } from '@jest/globals';
import type { Answer, ApiClient, ReservationBody } from './api-client.js';
import { inParallel } from './in-parallel.js';
import { eventually } from './poll.js';
import { newUserId } from './unique-ids.js';

/** One call of `reserve` and its answer. */
export interface Ask {
  /** Asks of the same client follow each other: the next one begins after this one was answered. */
  readonly client: number;
  readonly userId: number;
  readonly answer: Answer<ReservationBody>;
}

/**
 * After a refusal a client waits, and twice as long after each further one in a row: or else a crowd that is refused
 * takes the processor from the one it waits for, and keeps it from coming back where the machine is busy.
 */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 640;

const crowds: Crowd[] = [];

// A test that fails leaves its crowd behind.
afterEach(async () => {
  await Promise.all(crowds.splice(0).map((crowd) => crowd.leave()));
});

/**
 * Demand that does not end: clients who reserve one coupon, each for one new user after the other, whatever they are
 * answered. No user asks twice, so whoever was refused and holds a slot all the same was admitted behind our back.
 */
export class Crowd {
  /** In the order of their answers. */
  readonly asks: Ask[] = [];
  private hasEnoughOf = false;
  private readonly left: Promise<unknown>;

  constructor(
    private readonly api: ApiClient,
    readonly couponId: number,
    { clients = 16 } = {},
  ) {
    this.left = inParallel(Array.from({ length: clients }), (_item, client) => this.ask(client));
    crowds.push(this);
  }

  /** How many were answered 200. */
  get accepted(): number {
    return this.asks.filter(({ answer }) => answer.status === 200).length;
  }

  /** Resolves when as many have been answered 200 as said. */
  async hasAccepted(count: number): Promise<void> {
    await eventually(() => expect(this.accepted).toBeGreaterThanOrEqual(count), { intervalMs: 5 });
  }

  /** Goes on until the ledger has `stock` rows and nothing is held but not issued, then leaves. */
  async buysOut(stock: number): Promise<void> {
    try {
      await eventually(async () => {
        const { body } = await this.api.coupon(this.couponId);
        expect(body).toMatchObject({ issuedQuantity: stock, reservedQuantity: 0 });
      });
    } finally {
      await this.leave();
    }
  }

  /** Resolves when the last call is answered; there is no further one. */
  async leave(): Promise<void> {
    this.hasEnoughOf = true;
    await this.left;
  }

  private async ask(client: number): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.hasEnoughOf) {
      const userId = newUserId();
      const answer = await this.api.reserve(this.couponId, userId);
      this.asks.push({ client, userId, answer });
      if (answer.status === 200) {
        pauseMs = FIRST_PAUSE_MS;
        continue;
      }
      await delay(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }
}
