import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThan, Repository } from 'typeorm';
import { IssuanceFailure } from './issuance-failure.entity.js';

/** The table `issuance_failures`, once its rows are committed. */
@Injectable()
export class FailureRepository {
  constructor(@InjectRepository(IssuanceFailure) private readonly failures: Repository<IssuanceFailure>) {}

  /** The newest failures first, from the one before `cursor` on. */
  async findPage(couponId: number, cursor: number | undefined, limit: number): Promise<IssuanceFailure[]> {
    return await this.failures.find({
      where: { couponId, ...(cursor === undefined ? {} : { id: LessThan(cursor) }) },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  async find(couponId: number, failureId: number): Promise<IssuanceFailure | null> {
    return await this.failures.findOneBy({ couponId, id: failureId });
  }

  async markRetried(failureId: number, retriedAt: Date): Promise<void> {
    await this.failures.update({ id: failureId }, { retriedAt });
  }
}
