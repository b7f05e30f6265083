import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { newestFirst } from '../platform/database/newest-first.js';
import type { NewestPosition } from '../platform/http/schemas.js';
import { type CouponStatus, MAY_BE_IN_STATUS } from './coupon-status.js';
import { Coupon } from './coupon.entity.js';

/** Which coupons are looked for. */
export interface CouponFilter {
  readonly status?: CouponStatus | undefined;
  /** What the name has in it. */
  readonly q?: string | undefined;
}

/** A part of the list of all coupons, which has the newest first. */
export interface Stretch {
  /** The last one seen. */
  readonly cursor?: NewestPosition | undefined;
  /** The last one that is looked at. */
  readonly upTo?: NewestPosition | undefined;
  readonly limit: number;
}

/** Looks for coupons in the table `coupons`. */
@Injectable()
export class CouponSearchRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Those that meet the filter, as far as MySQL can say, the newest first. */
  async find({ status, q }: CouponFilter, { upTo, ...page }: Stretch, now: Date): Promise<Coupon[]> {
    const query = this.dataSource.createQueryBuilder(Coupon, 'coupon').useIndex('ix_coupons_newest');
    if (status !== undefined) query.andWhere(MAY_BE_IN_STATUS[status], { now });
    if (q !== undefined) query.andWhere("coupon.name LIKE :pattern ESCAPE '!'", { pattern: patternOf(q) });
    if (upTo !== undefined) {
      const [lastAt, lastId] = upTo;
      const isBefore = '(coupon.created_at > :lastAt OR (coupon.created_at = :lastAt AND coupon.id >= :lastId))';
      query.andWhere(isBefore, { lastAt: new Date(lastAt), lastId });
    }
    return await newestFirst(query, { time: 'coupon.createdAt', id: 'coupon.id' }, page).getMany();
  }

  /** Where the coupon is that ends the next `count` ones; undefined when there are no more than these. */
  async positionAfter(cursor: NewestPosition | undefined, count: number): Promise<NewestPosition | undefined> {
    const query = this.dataSource
      .createQueryBuilder(Coupon, 'coupon')
      .select('coupon.created_at', 'createdAt')
      .addSelect('coupon.id', 'id')
      .offset(count - 1);
    const order = { time: 'coupon.created_at', id: 'coupon.id' };
    const [last, next] = await newestFirst(query, order, { cursor, limit: 2 }).getRawMany<{
      createdAt: Date;
      id: number;
    }>();
    return last === undefined || next === undefined ? undefined : [last.createdAt.getTime(), last.id];
  }
}

/** For LIKE: the text itself, wherever it stands. */
function patternOf(text: string): string {
  return `%${text.replaceAll(/[!%_]/g, '!$&')}%`;
}
