import { Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { PaymentCompletedEvent, ProductSales } from '../order/index.js';
import { RedisConnection } from '../platform/redis/redis-connection.js';
import { BusinessCalendar } from './business-calendar.js';
import type { BusinessDay } from './business-day.js';
import { dayKeys, memberOf, rankingKeys as keys, refundOf } from './ranking-keys.js';

/** The marker of a day expires so long before its counts, so that no empty day is taken for a complete one. */
const MARKER_LEAD_MS = 60_000;

/** A paid or refunded order, as far as it is counted or counted down; it has an item at least. */
export type CountableOrder = Pick<PaymentCompletedEvent, 'orderNumber' | 'items'>;

/** An order as the day's set of orders knows it. */
type OrderReference = Pick<CountableOrder, 'orderNumber'>;

/** A reconcile under way, from {@link RankingStore.beginReconcile}. */
export interface ReconcileToken {
  readonly token: string;
  /** By the clock of Redis, in ms. */
  readonly beganAt: number;
}

/** How complete a day is that was found complete. */
interface Reconciled {
  /** How long ago the reconcile began, by the clock of Redis: what was paid before is counted, whoever took it. */
  readonly reconciledMsAgo: number;
}

/** The products sold most in a complete day, equals in no particular order. */
export interface LiveTop extends Reconciled {
  readonly sales: readonly ProductSales[];
}

/** The rank of a product in a complete day; both as for one that was not sold when it was not. */
export interface ProductRank extends Reconciled {
  readonly rank: number | null;
  readonly salesCount: number;
}

/** The Redis side of the ranking. Every method throws RedisUnavailableError when Redis can't be asked. */
@Injectable()
export class RankingStore {
  constructor(
    private readonly redis: RedisConnection,
    private readonly calendar: BusinessCalendar,
  ) {}

  /** True while Redis keeps the ranking of the day. */
  keeps(day: BusinessDay): boolean {
    return this.markerMs(day) > 0;
  }

  /**
   * Counts orders of the day, each once however often it is called, and says how many had not been counted before.
   * `isComplete`: the day need not be reconciled. Orders of a day that is no longer kept are not counted.
   */
  async count(day: BusinessDay, orders: readonly CountableOrder[]): Promise<{ counted: number; isComplete: boolean }> {
    if (!this.keeps(day) || orders.length === 0) return { counted: 0, isComplete: true };
    const lines = orders.flatMap((order) => [order.orderNumber, ...linesOf(order)]);
    const [counted, complete] = await this.redis.ask(keys.sales(day), (client) =>
      client.countOrders(...dayKeys(day), this.calendar.keptMs(day), ...lines),
    );
    return { counted, isComplete: complete === 1 };
  }

  /**
   * Counts refunded orders of the day down, each once however often it is called, and says of how many the refund was
   * new. One that is not counted yet never will be, so it does not matter which of the two comes first. Otherwise as
   * `count`.
   */
  async uncount(
    day: BusinessDay,
    orders: readonly CountableOrder[],
  ): Promise<{ uncounted: number; isComplete: boolean }> {
    if (!this.keeps(day) || orders.length === 0) return { uncounted: 0, isComplete: true };
    const lines = orders.flatMap((order) => [order.orderNumber, refundOf(order.orderNumber), ...linesOf(order)]);
    const [uncounted, complete] = await this.redis.ask(keys.sales(day), (client) =>
      client.uncountOrders(...dayKeys(day), this.calendar.keptMs(day), ...lines),
    );
    return { uncounted, isComplete: complete === 1 };
  }

  /** The orders among these that are not counted yet. */
  async uncounted<T extends OrderReference>(day: BusinessDay, orders: readonly T[]): Promise<T[]> {
    return await this.without(day, orders, ({ orderNumber }) => orderNumber);
  }

  /** The orders among these of which no refund is counted yet. */
  async unrefunded<T extends OrderReference>(day: BusinessDay, orders: readonly T[]): Promise<T[]> {
    return await this.without(day, orders, ({ orderNumber }) => refundOf(orderNumber));
  }

  /** The `limit` products sold most; undefined while the day is not complete. */
  async top(day: BusinessDay, limit: number): Promise<LiveTop | undefined> {
    const [reconciledMsAgo, ...flat] = await this.redis.ask(keys.sales(day), (client) =>
      client.topProducts(...dayKeys(day), limit),
    );
    if (reconciledMsAgo < 0) return undefined;
    const sales: ProductSales[] = [];
    for (let index = 0; index + 1 < flat.length; index += 2) {
      sales.push({ productId: Number(flat[index]), salesCount: Number(flat[index + 1]) });
    }
    return { sales, reconciledMsAgo };
  }

  /** The rank of one product; undefined while the day is not complete. */
  async rankOf(day: BusinessDay, productId: number): Promise<ProductRank | undefined> {
    const [reconciledMsAgo, rank = null, quantity = '0'] = await this.redis.ask(keys.sales(day), (client) =>
      client.productRank(...dayKeys(day), memberOf(productId)),
    );
    return reconciledMsAgo < 0 ? undefined : { rank, salesCount: Number(quantity), reconciledMsAgo };
  }

  /** How many ms ago the last reconcile of the day began, of any instance; undefined while the day is not complete. */
  async sinceReconcile(day: BusinessDay): Promise<number | undefined> {
    const ms = await this.redis.ask(keys.reconciled(day), (client) => client.sinceReconcile(...dayKeys(day)));
    return ms < 0 ? undefined : ms;
  }

  /** Begins a reconcile; to be called before the first paid order is read. */
  async beginReconcile(day: BusinessDay): Promise<ReconcileToken> {
    const token = randomUUID();
    const beganAt = await this.redis.ask(keys.reconciling(day), (client) =>
      client.beginReconcile(...dayKeys(day), keys.reconciling(day), token, this.calendar.keptMs(day)),
    );
    return { token, beganAt };
  }

  /** Marks the day complete as of the beginning; false when Redis has lost anything since the reconcile began. */
  async endReconcile(day: BusinessDay, { token, beganAt }: ReconcileToken): Promise<boolean> {
    // It has become too old meanwhile: nobody will ask Redis for it.
    if (!this.keeps(day)) return true;
    const answer = await this.redis.ask(keys.reconciled(day), (client) =>
      client.endReconcile(keys.reconciled(day), keys.reconciling(day), token, beganAt, this.markerMs(day)),
    );
    return answer === 1;
  }

  /** True for one instance within `ms`, unless it gives its turn back: whose turn it is to do the job. */
  async takeTurn(job: string, token: string, ms: number): Promise<boolean> {
    const key = keys.turn(job);
    return (await this.redis.ask(key, (client) => client.set(key, token, 'PX', ms, 'NX'))) === 'OK';
  }

  /** Lets another instance have the turn that was taken with this token, if it is not over yet. */
  async giveBackTurn(job: string, token: string): Promise<void> {
    const key = keys.turn(job);
    await this.redis.ask(key, (client) => client.giveBackTurn(key, token));
  }

  /** Resolves when the server that has the day answers. */
  async ping(day: BusinessDay): Promise<void> {
    await this.redis.nodeOf(keys.sales(day)).ping();
  }

  /** The orders whose member is not in the day's set of orders. */
  private async without<T>(day: BusinessDay, orders: readonly T[], memberFor: (order: T) => string): Promise<T[]> {
    if (orders.length === 0) return [];
    const key = keys.orders(day);
    const flags = await this.redis.ask(key, (client) => client.smismember(key, ...orders.map(memberFor)));
    return orders.filter((_order, index) => flags[index] === 0);
  }

  private markerMs(day: BusinessDay): number {
    return this.calendar.keptMs(day) - MARKER_LEAD_MS;
  }
}

/** How many lines an order has, and each of them, as the scripts take them. */
function linesOf({ items }: CountableOrder): Array<string | number> {
  return [items.length, ...items.flatMap(({ productId, quantity }) => [memberOf(productId), quantity])];
}
