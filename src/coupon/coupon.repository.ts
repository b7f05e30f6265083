import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThanOrEqual, MoreThan, Repository } from 'typeorm';
import { isDeadlock, isDuplicateKey } from '../platform/database/database-errors.js';
import { newestFirst } from '../platform/database/newest-first.js';
import { Coupon } from './coupon.entity.js';
import type { Page } from './coupon.schemas.js';

/** What is written of a coupon that does not exist yet; the ledger's counters start at their defaults. */
export type NewCoupon = Omit<
  Coupon,
  | 'id'
  | 'issuedQuantity'
  | 'returnedQuantity'
  | 'capacity'
  | 'latestExpiresAt'
  | 'failedQuantity'
  | 'version'
  | 'epoch'
  | 'sequenceBase'
  | 'lateQuantity'
  | 'eventPosition'
  | 'updatedAt'
>;

/** The table `coupons`; what is counted in it is written by the issuance alone. */
@Injectable()
export class CouponRepository {
  constructor(@InjectRepository(Coupon) private readonly coupons: Repository<Coupon>) {}

  /** Inserts the coupon and returns its id. */
  async insert(manager: EntityManager, coupon: NewCoupon): Promise<number> {
    const { identifiers } = await manager.insert(Coupon, coupon);
    return Number(identifiers[0]?.['id']);
  }

  /** Inserts the coupon under this id; false when a coupon has it already, which then stays as it is. */
  async insertAs(couponId: number, coupon: NewCoupon): Promise<boolean> {
    try {
      await this.coupons.insert({ id: couponId, ...coupon });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      // Another node of a Galera cluster inserts it at this moment: by now it is there, or was given up.
      if (isDeadlock(error)) return await this.insertAs(couponId, coupon);
      throw error;
    }
  }

  async find(couponId: number): Promise<Coupon | null> {
    return await this.coupons.findOneBy({ id: couponId });
  }

  /** The newest coupons first by (created_at, id), from the one before `cursor` on. */
  async findPage(page: Page): Promise<Coupon[]> {
    const query = this.coupons.createQueryBuilder('coupon');
    return await newestFirst(query, { time: 'coupon.createdAt', id: 'coupon.id' }, page).getMany();
  }

  async findMany(couponIds: readonly number[]): Promise<Coupon[]> {
    return await this.coupons.findBy({ id: In([...couponIds]) });
  }

  /** The coupons of the reservation strategy whose window is not over, lowest id first. */
  async idsToReserve(now: Date): Promise<number[]> {
    const found = await this.coupons.find({
      select: { id: true },
      where: { strategy: 'reservation', expiresAt: MoreThan(now) },
      order: { id: 'ASC' },
    });
    return found.map(({ id }) => id);
  }

  /** Reservation coupons whose window is open, those opened last first, at most `limit`; and how many there are. */
  async findOpen(now: Date, limit: number): Promise<{ coupons: Coupon[]; count: number }> {
    const [coupons, count] = await this.coupons.findAndCount({
      where: { strategy: 'reservation', startsAt: LessThanOrEqual(now), expiresAt: MoreThan(now) },
      order: { startsAt: 'DESC', id: 'DESC' },
      take: limit,
    });
    return { coupons, count };
  }

  /** Coupons of any strategy whose window opens before `soon` and is not over, those that open last first, at most `limit`. */
  async findUnderWay(now: Date, soon: Date, limit: number): Promise<Coupon[]> {
    return await this.coupons.find({
      where: { startsAt: LessThanOrEqual(soon), expiresAt: MoreThan(now) },
      order: { startsAt: 'DESC', id: 'DESC' },
      take: limit,
    });
  }

  /** Locks the coupon's row until the transaction ends; null when there is no such coupon. */
  async lock(manager: EntityManager, couponId: number): Promise<Coupon | null> {
    return await manager.findOne(Coupon, { where: { id: couponId }, lock: { mode: 'pessimistic_write' } });
  }

  /** Writes the definition of a locked coupon. */
  async saveDefinition(manager: EntityManager, coupon: Coupon): Promise<void> {
    const { id, name, totalQuantity, startsAt, expiresAt, isActive, version, eventPosition, updatedAt } = coupon;
    const { entry, entryOpensAt, entrySpreadSeconds, challenge } = coupon;
    const { usableDays, usableUntil, latestExpiresAt, isRedeemable } = coupon;
    const { minOrderAmount, maxDiscountAmount, productIds } = coupon;
    const entryTerms = { entry, entryOpensAt, entrySpreadSeconds, challenge };
    const useBy = { usableDays, usableUntil, latestExpiresAt, isRedeemable };
    const conditions = { minOrderAmount, maxDiscountAmount, productIds };
    const definition = { name, totalQuantity, startsAt, expiresAt, isActive, version, eventPosition, updatedAt };
    await manager.update(Coupon, { id }, { ...definition, ...entryTerms, ...useBy, ...conditions });
  }
}
