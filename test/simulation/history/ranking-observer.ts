import { addDays, businessDayOf } from '../../../src/ranking/business-day.js';
import { memberOf, rankingKeys } from '../../../src/ranking/ranking-keys.js';
import type { OrderRow } from '../ledger/rows.js';
import type { Tables } from '../ledger/table.js';
import type { RedisProcess } from '../redis/redis-process.js';
import type { RedisFleet } from '../redis/redis-fleet.js';
import type { ScriptCall } from '../redis/redis-site.js';
import { EPOCH_MS, type World } from '../world/world.js';
import { RECONCILE_INTERVAL_MS } from './readers.js';
import { Violation } from './violation.js';

const TIME_ZONE = 'Asia/Seoul';

/** For so long before the time of an answer sales may be missing in it: three reconciles may fail. */
const LEASE_MS = 3 * RECONCILE_INTERVAL_MS;
/** Clocks are read in whole milliseconds: of Redis twice, and of the instance. */
const ROUNDING_MS = 3;

type Sales = ReadonlyArray<{ readonly productId: number; readonly salesCount: number }>;

/** What was sold on which day, as the paid orders say it, beside what Redis has counted and what readers are shown. */
export class RankingObserver {
  /** Day → product as the ranking names it → pieces. */
  private readonly sold = new Map<string, Map<string, number>>();
  /** When the payment of each order was committed, by the world's time. */
  private readonly paidOrders = new Map<number, { readonly day: string; readonly committedAt: number }>();
  private areClocksTrue = true;

  constructor(
    private readonly world: World,
    private readonly redis: RedisFleet,
    private readonly tables: Tables,
  ) {}

  paid({ id, status, paidAt }: OrderRow): void {
    if (status !== 'PAID' || paidAt === null) return;
    if (this.paidOrders.has(id)) throw new Violation('paid once', `order ${id} was paid again`);
    const day = businessDayOf(paidAt, TIME_ZONE);
    this.paidOrders.set(id, { day, committedAt: this.world.now });
    const ofDay = this.sold.get(day) ?? new Map<string, number>();
    this.sold.set(day, ofDay);
    for (const { productId, quantity } of this.tables.orderItems.byProduct.rowsOf(id)) {
      const member = memberOf(productId);
      ofDay.set(member, (ofDay.get(member) ?? 0) + quantity);
    }
  }

  toldPaid(orderId: number): void {
    if (!this.paidOrders.has(orderId))
      throw new Violation('an answer is not taken back', `order ${orderId} is not paid`);
  }

  /** A clock has jumped: when an answer is from nobody can say any more. */
  clocksDiffer(): void {
    this.areClocksTrue = false;
  }

  /**
   * What a reader is shown, as of that long ago where it is of today. It must have what was paid three reconciles before,
   * whichever instances counted nothing, and no more than was paid.
   */
  shown(day: string, sales: Sales, ageMs: number | undefined): void {
    const ofDay = this.sold.get(day);
    const counts = new Map(sales.map(({ productId, salesCount }) => [memberOf(productId), salesCount]));
    for (const [member, count] of counts) {
      const paid = ofDay?.get(member) ?? 0;
      if (count > paid) throw new Violation('ranking', `${day}: ${count} of product ${member} shown, ${paid} paid`);
    }
    if (ageMs === undefined || !this.areClocksTrue) return;
    for (const [member, paid] of this.soldBefore(day, this.world.now - ageMs - LEASE_MS - ROUNDING_MS)) {
      const count = counts.get(member) ?? 0;
      if (count < paid) {
        const age = `as of ${ageMs} ms ago`;
        throw new Violation('ranking', `${day}: ${count} of product ${member} shown ${age}, ${paid} paid long before`);
      }
    }
  }

  /** Nothing is counted twice, or before it is paid. */
  counted({ keyspace }: RedisProcess): void {
    for (const day of this.days()) {
      const ofDay = this.sold.get(day);
      for (const [member, count] of keyspace.sortedSet(rankingKeys.sales(day)) ?? []) {
        const paid = ofDay?.get(member) ?? 0;
        if (count > paid) throw new Violation('ranking', `${day}: ${count} of product ${member} counted, ${paid} paid`);
      }
    }
  }

  /** What the marker of a day vouches for is counted: whatever was paid before the time that it has. */
  reconciled({ keys: [marker = ''], process: { keyspace } }: ScriptCall): void {
    const day = /\{(.*)\}/.exec(marker)?.[1] ?? '';
    const beganAt = keyspace.string(marker)?.split(' ')[1];
    if (beganAt === undefined || !this.areClocksTrue) return;
    const counts = keyspace.sortedSet(rankingKeys.sales(day));
    for (const [member, paid] of this.soldBefore(day, Number(beganAt) - EPOCH_MS)) {
      const count = counts?.get(member) ?? 0;
      if (count < paid)
        throw new Violation(
          'ranking',
          `${day} is complete with ${count} of product ${member}, ${paid} were paid before`,
        );
    }
  }

  unsettled(): string[] {
    return [...this.sold].flatMap(([day, ofDay]) => {
      const key = rankingKeys.sales(day);
      const counted = this.redis.keyspaceOf(key).sortedSet(key);
      const isExact = [...ofDay].every(([member, paid]) => counted?.get(member) === paid);
      return isExact && counted?.size === ofDay.size ? [] : [`the ranking of ${day} is not what was paid`];
    });
  }

  private soldBefore(day: string, time: number): ReadonlyMap<string, number> {
    const sold = new Map<string, number>();
    for (const [id, order] of this.paidOrders) {
      if (order.day !== day || order.committedAt >= time) continue;
      for (const { productId, quantity } of this.tables.orderItems.byProduct.rowsOf(id)) {
        const member = memberOf(productId);
        sold.set(member, (sold.get(member) ?? 0) + quantity);
      }
    }
    return sold;
  }

  private days(): string[] {
    return [...new Set([...this.sold.keys()].flatMap((day) => [day, addDays(day, 1)]))];
  }
}
