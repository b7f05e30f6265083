import type { EntityManager } from 'typeorm';
import { Coupon } from '../../../../src/coupon/coupon.entity.js';
import type { CouponRepository, NewCoupon } from '../../../../src/coupon/coupon.repository.js';
import type { Page } from '../../../../src/coupon/coupon.schemas.js';
import { isDuplicateKey } from '../../../../src/platform/database/database-errors.js';
import type { CouponRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { isBefore } from './newest-first.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated table `coupons`. */
export class SimulatedCouponRepository implements PublicPart<CouponRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async insert(manager: EntityManager, coupon: NewCoupon): Promise<number> {
    return await insertRow(runnerOf(manager), 'coupon.insert', coupon);
  }

  async insertAs(couponId: number, coupon: NewCoupon): Promise<boolean> {
    try {
      await insertRow(this.outside, 'coupon.insertAs', coupon, couponId);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  async find(couponId: number): Promise<Coupon | null> {
    return await this.outside.run(
      reading('coupon.find', (view) => entityOrNull(view.find(view.tables.coupons.byId, [couponId]))),
    );
  }

  async findPage({ cursor, limit }: Page): Promise<Coupon[]> {
    return await this.outside.run(
      reading('coupon.findPage', (view) =>
        couponsOf(view, ({ createdAt, id }) => isBefore(createdAt, id, cursor))
          .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || b.id - a.id)
          .slice(0, limit)
          .map(entity),
      ),
    );
  }

  async findMany(couponIds: readonly number[]): Promise<Coupon[]> {
    return await this.outside.run(
      reading('coupon.findMany', (view) =>
        [...new Set(couponIds)]
          .flatMap((id) => view.find(view.tables.coupons.byId, [id]) ?? [])
          .sort((a, b) => a.id - b.id)
          .map(entity),
      ),
    );
  }

  async idsToReserve(now: Date): Promise<number[]> {
    return await this.outside.run(
      reading('coupon.idsToReserve', (view) =>
        couponsOf(view, ({ strategy, expiresAt }) => strategy === 'reservation' && expiresAt > now)
          .map(({ id }) => id)
          .sort((a, b) => a - b),
      ),
    );
  }

  async findOpen(now: Date, limit: number): Promise<{ coupons: Coupon[]; count: number }> {
    const isOpen = ({ strategy, startsAt, expiresAt }: CouponRow): boolean =>
      strategy === 'reservation' && startsAt <= now && expiresAt > now;
    const coupons = await this.outside.run(
      reading('coupon.findOpen', (view) =>
        couponsOf(view, isOpen)
          .sort((a, b) => b.startsAt.getTime() - a.startsAt.getTime() || b.id - a.id)
          .slice(0, limit)
          .map(entity),
      ),
    );
    // TypeORM counts them only when there may be more.
    if (coupons.length < limit) return { coupons, count: coupons.length };
    const count = await this.outside.run(reading('coupon.countOpen', (view) => couponsOf(view, isOpen).length));
    return { coupons, count };
  }

  async findUnderWay(now: Date, soon: Date, limit: number): Promise<Coupon[]> {
    return await this.outside.run(
      reading('coupon.findUnderWay', (view) =>
        couponsOf(view, ({ startsAt, expiresAt }: CouponRow) => startsAt <= soon && expiresAt > now)
          .sort((a, b) => b.startsAt.getTime() - a.startsAt.getTime() || b.id - a.id)
          .slice(0, limit)
          .map(entity),
      ),
    );
  }

  async lock(manager: EntityManager, couponId: number): Promise<Coupon | null> {
    return await runnerOf(manager).run(
      locking('coupon.lock', function* (view) {
        return entityOrNull(yield* view.lock(view.tables.coupons.byId, [couponId]));
      }),
    );
  }

  async saveDefinition(manager: EntityManager, coupon: Coupon): Promise<void> {
    const { id, name, totalQuantity, startsAt, expiresAt, isActive, version, eventPosition, updatedAt } = coupon;
    const { entry, entryOpensAt, entrySpreadSeconds, challenge } = coupon;
    const { usableDays, usableUntil, latestExpiresAt, isRedeemable } = coupon;
    const { minOrderAmount, maxDiscountAmount, productIds } = coupon;
    const entryTerms = { entry, entryOpensAt, entrySpreadSeconds, challenge };
    const useBy = { usableDays, usableUntil, latestExpiresAt, isRedeemable };
    const conditions = { minOrderAmount, maxDiscountAmount, productIds };
    const definition = { name, totalQuantity, startsAt, expiresAt, isActive, version, eventPosition, updatedAt };
    await runnerOf(manager).run(
      locking('coupon.saveDefinition', (view) =>
        view.update(view.tables.coupons.byId, [id], (row) => ({
          ...row,
          ...definition,
          ...entryTerms,
          ...useBy,
          ...conditions,
        })),
      ),
    );
  }
}

/** TypeORM then reads what the server has filled in: a second statement, which may fail although the row is there. */
async function insertRow(runner: StatementRunner, name: string, coupon: NewCoupon, givenId?: number): Promise<number> {
  const couponId = await runner.run(
    locking(name, function* (view) {
      const { coupons } = view.tables;
      const id = givenId ?? coupons.takeId();
      yield* view.insert(coupons, [newRow(id, coupon)]);
      return id;
    }),
  );
  await runner.run(reading('coupon.readDefaults', (view) => view.find(view.tables.coupons.byId, [couponId])?.version));
  return couponId;
}

function couponsOf(view: View, isWanted: (row: CouponRow) => boolean): CouponRow[] {
  return view.rows(view.tables.coupons.byId).filter(isWanted);
}

function entity(row: CouponRow): Coupon {
  return Object.assign(new Coupon(), row);
}

function entityOrNull(row: CouponRow | undefined): Coupon | null {
  return row === undefined ? null : entity(row);
}

/** The default of `latest_expires_at`. */
const EARLIEST = new Date('1000-01-01T00:00:00.000Z');

/** With the defaults of the table. */
function newRow(id: number, coupon: NewCoupon): CouponRow {
  return {
    id,
    name: coupon.name,
    totalQuantity: coupon.totalQuantity,
    returnedQuantity: 0,
    issuedQuantity: 0,
    failedQuantity: 0,
    discountAmount: coupon.discountAmount,
    discountRate: coupon.discountRate,
    startsAt: coupon.startsAt,
    expiresAt: coupon.expiresAt,
    latestExpiresAt: EARLIEST,
    usableDays: coupon.usableDays,
    usableUntil: coupon.usableUntil,
    isRedeemable: coupon.isRedeemable,
    minOrderAmount: coupon.minOrderAmount,
    maxDiscountAmount: coupon.maxDiscountAmount,
    productIds: coupon.productIds,
    isActive: coupon.isActive,
    audience: coupon.audience,
    codeFormat: coupon.codeFormat,
    strategy: coupon.strategy,
    entry: coupon.entry,
    entryOpensAt: coupon.entryOpensAt,
    entrySpreadSeconds: coupon.entrySpreadSeconds,
    challenge: coupon.challenge,
    version: 1,
    epoch: 0,
    sequenceBase: 0,
    lateQuantity: 0,
    eventPosition: 0,
    createdAt: coupon.createdAt,
    updatedAt: null,
  };
}
