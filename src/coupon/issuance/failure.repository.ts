import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, Repository } from 'typeorm';
import { newestFirst } from '../../platform/database/newest-first.js';
import type { Page } from '../coupon.schemas.js';
import { IssuanceFailure } from '../issuance-failure.entity.js';

/** More need not be counted to see that there are many. */
const MAX_COUNTED = 10_000;

/** The table `issuance_failures`, once its rows are committed. */
@Injectable()
export class FailureRepository {
  constructor(@InjectRepository(IssuanceFailure) private readonly failures: Repository<IssuanceFailure>) {}

  /** The newest failures first by (failed_at, id), from the one before `cursor` on. */
  async findPage(couponId: number, page: Page): Promise<IssuanceFailure[]> {
    const query = this.failures.createQueryBuilder('failure').where({ couponId });
    return await newestFirst(query, { time: 'failure.failedAt', id: 'failure.id' }, page).getMany();
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

  /** The failures of these users, whatever their numbers, by their ids. */
  async findOf(couponId: number, userIds: readonly number[]): Promise<IssuanceFailure[]> {
    return await this.failures.find({ where: { couponId, userId: In([...userIds]) }, order: { id: 'ASC' } });
  }

  async markRetried(failureId: number, retriedAt: Date): Promise<void> {
    await this.failures.update({ id: failureId }, { retriedAt });
  }
}
