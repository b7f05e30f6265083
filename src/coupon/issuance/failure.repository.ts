import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type FindOptionsWhere, LessThan, Repository } from 'typeorm';
import type { NewestPosition } from '../../platform/http/schemas.js';
import type { Page } from '../coupon.schemas.js';
import { IssuanceFailure } from '../issuance-failure.entity.js';

/** More need not be counted to see that there are many. */
const MAX_COUNTED = 10_000;

/** The table `issuance_failures`, once its rows are committed. */
@Injectable()
export class FailureRepository {
  constructor(@InjectRepository(IssuanceFailure) private readonly failures: Repository<IssuanceFailure>) {}

  /** The newest failures first by (failed_at, id), from the one before `cursor` on. */
  async findPage(couponId: number, { cursor, limit }: Page): Promise<IssuanceFailure[]> {
    return await this.failures.find({
      where: cursor === undefined ? { couponId } : before(couponId, cursor),
      order: { failedAt: 'DESC', id: 'DESC' },
      take: limit,
    });
  }

  /** How many failures of these coupons nobody has retried; 10,000 in all at most, so that asking stays cheap. */
  async countOpen(couponIds: readonly number[]): Promise<Map<number, number>> {
    if (couponIds.length === 0) return new Map();
    const rows: Array<{ couponId: string; openFailures: string }> = await this.failures.query(
      `SELECT coupon_id AS couponId, COUNT(*) AS openFailures
         FROM (SELECT coupon_id FROM issuance_failures
                WHERE coupon_id IN (${couponIds.map(() => '?').join(',')}) AND retried_at IS NULL
                LIMIT ${MAX_COUNTED}) AS failures
        GROUP BY coupon_id`,
      [...couponIds],
    );
    return new Map(rows.map(({ couponId, openFailures }) => [Number(couponId), Number(openFailures)]));
  }

  async find(couponId: number, failureId: number): Promise<IssuanceFailure | null> {
    return await this.failures.findOneBy({ couponId, id: failureId });
  }

  async markRetried(failureId: number, retriedAt: Date): Promise<void> {
    await this.failures.update({ id: failureId }, { retriedAt });
  }
}

function before(couponId: number, [at, id]: NewestPosition): Array<FindOptionsWhere<IssuanceFailure>> {
  const failedAt = new Date(at);
  return [
    { couponId, failedAt: LessThan(failedAt) },
    { couponId, failedAt, id: LessThan(id) },
  ];
}
