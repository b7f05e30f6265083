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

type Counts = ReadonlyMap<string, number> | undefined;
type Sales = ReadonlyArray<{ readonly productId: number; readonly salesCount: number }>;

/** When an order was paid, and when it was refunded, by the world's time of the commit; and the day of the sale. */
interface Sale {
  readonly day: string;
  readonly paidAt: number;
  readonly refundedAt: number;
}

/** What was sold on which day and not refunded, as the orders say it, beside what Redis has counted and readers see. */
export class RankingObserver {
  /** By order. */
  private readonly sales = new Map<number, Sale>();
  private areClocksTrue = true;

  constructor(
    private readonly world: World,
    private readonly redis: RedisFleet,
    private readonly tables: Tables,
  ) {}

  /** An order was paid or refunded. */
  changed({ id, status, paidAt }: OrderRow): void {
    if (paidAt === null) return;
    const day = businessDayOf(paidAt, TIME_ZONE);
    if (status === 'PAID') this.sales.set(id, { day, paidAt: this.world.now, refundedAt: Infinity });
    const sale = this.sales.get(id);
    if (status === 'REFUNDED' && sale !== undefined) this.sales.set(id, { ...sale, refundedAt: this.world.now });
  }

  /** A clock has jumped: when an answer is from nobody can say any more. */
  clocksDiffer(): void {
    this.areClocksTrue = false;
  }

  /**
   * What a reader is shown, as of that long ago where it is of today. It must have what was paid three reconciles before
   * and lack what was refunded then, whichever instances counted nothing, and have no more than was paid.
   */
  shown(day: string, sales: Sales, ageMs: number | undefined): void {
    const counts = new Map(sales.map(({ productId, salesCount }) => [memberOf(productId), salesCount]));
    this.isPossible(day, counts, 'shown');
    if (ageMs === undefined || !this.areClocksTrue) return;
    const before = this.world.now - ageMs - LEASE_MS - ROUNDING_MS;
    this.isAsOf(day, counts, before, `shown as of ${ageMs} ms ago`);
  }

  /** Nothing is counted twice, or before it is paid, and no refund counted down twice. */
  counted({ keyspace }: RedisProcess): void {
    for (const day of this.days()) this.isPossible(day, keyspace.sortedSet(rankingKeys.sales(day)), 'counted');
  }

  /** What the marker of a day vouches for is counted: whatever was paid or refunded before the time that it has. */
  reconciled({ keys: [marker = ''], process: { keyspace } }: ScriptCall): void {
    const day = /\{(.*)\}/.exec(marker)?.[1] ?? '';
    const beganAt = keyspace.string(marker)?.split(' ')[1];
    if (beganAt === undefined || !this.areClocksTrue) return;
    const counts = keyspace.sortedSet(rankingKeys.sales(day));
    this.isAsOf(day, counts, Number(beganAt) - EPOCH_MS, 'in a day that is complete');
  }

  unsettled(): string[] {
    const { now } = this.world;
    return [...new Set([...this.sales.values()].map(({ day }) => day))].flatMap((day) => {
      const sold = this.sum(day, ({ refundedAt }) => refundedAt > now);
      const key = rankingKeys.sales(day);
      const counted = this.redis.keyspaceOf(key).sortedSet(key) ?? new Map<string, number>();
      const products = new Set([...sold.keys(), ...counted.keys()]);
      // A product of which all was refunded may stay with nothing.
      const isExact = [...products].every((member) => (counted.get(member) ?? 0) === (sold.get(member) ?? 0));
      return isExact ? [] : [`the ranking of ${day} is not what was paid and not refunded`];
    });
  }

  /** No more than was ever paid, and never less than nothing. */
  private isPossible(day: string, counts: Counts, how: string): void {
    const paid = this.sum(day, () => true);
    for (const [member, count] of counts ?? []) {
      const most = paid.get(member) ?? 0;
      if (count > most) throw new Violation('ranking', `${day}: ${count} of product ${member} ${how}, ${most} paid`);
      if (count < 0) throw new Violation('ranking', `${day}: ${count} of product ${member} ${how}`);
    }
  }

  /** All that was paid before is in it unless it is refunded, and nothing that was refunded before. */
  private isAsOf(day: string, counts: Counts, time: number, how: string): void {
    const least = this.sum(day, ({ paidAt, refundedAt }) => paidAt < time && refundedAt === Infinity);
    const most = this.sum(day, ({ refundedAt }) => refundedAt >= time);
    for (const member of new Set([...least.keys(), ...(counts?.keys() ?? [])])) {
      const count = counts?.get(member) ?? 0;
      const [low, high] = [least.get(member) ?? 0, most.get(member) ?? 0];
      if (count >= low && count <= high) continue;
      const expected = `long enough ago ${low} were paid that are not refunded, and no more than ${high} can be`;
      throw new Violation('ranking', `${day}: ${count} of product ${member} ${how}, ${expected}`);
    }
  }

  /** The pieces of each product in those sales of the day. */
  private sum(day: string, isMeant: (sale: Sale) => boolean): ReadonlyMap<string, number> {
    const pieces = new Map<string, number>();
    for (const [orderId, sale] of this.sales) {
      if (sale.day !== day || !isMeant(sale)) continue;
      for (const { productId, quantity } of this.tables.orderItems.byProduct.rowsOf(orderId)) {
        const member = memberOf(productId);
        pieces.set(member, (pieces.get(member) ?? 0) + quantity);
      }
    }
    return pieces;
  }

  private days(): string[] {
    const sold = new Set([...this.sales.values()].map(({ day }) => day));
    return [...new Set([...sold].flatMap((day) => [day, addDays(day, 1)]))];
  }
}
