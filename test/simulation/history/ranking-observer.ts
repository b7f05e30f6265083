import { addDays, businessDayOf } from '../../../src/ranking/business-day.js';
import { memberOf, rankingKeys } from '../../../src/ranking/ranking-keys.js';
import type { OrderRow } from '../ledger/rows.js';
import type { Tables } from '../ledger/table.js';
import type { RedisProcess } from '../redis/redis-process.js';
import type { RedisSite } from '../redis/redis-site.js';
import { Violation } from './violation.js';

const TIME_ZONE = 'Asia/Seoul';

/** What was sold on which day, as the paid orders say it, beside what Redis has counted. */
export class RankingObserver {
  /** Day → product as the ranking names it → pieces. */
  private readonly sold = new Map<string, Map<string, number>>();
  private readonly paidOrders = new Set<number>();

  constructor(
    private readonly redis: RedisSite,
    private readonly tables: Tables,
  ) {}

  paid({ id, status, paidAt }: OrderRow): void {
    if (status !== 'PAID' || paidAt === null) return;
    if (this.paidOrders.has(id)) throw new Violation('paid once', `order ${id} was paid again`);
    this.paidOrders.add(id);
    const day = businessDayOf(paidAt, TIME_ZONE);
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

  unsettled(): string[] {
    const { keyspace } = this.redis.process;
    return [...this.sold].flatMap(([day, ofDay]) => {
      const counted = keyspace.sortedSet(rankingKeys.sales(day));
      const isExact = [...ofDay].every(([member, paid]) => counted?.get(member) === paid);
      return isExact && counted?.size === ofDay.size ? [] : [`the ranking of ${day} is not what was paid`];
    });
  }

  private days(): string[] {
    return [...new Set([...this.sold.keys()].flatMap((day) => [day, addDays(day, 1)]))];
  }
}
