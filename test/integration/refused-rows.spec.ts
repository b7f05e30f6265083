import { beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { FailureService } from '../../src/coupon/issuance/failure.service.js';
import { IssuanceRepository } from '../../src/coupon/issuance/issuance.repository.js';
import { RedisCouponStore } from '../../src/coupon/reservation/redis-coupon.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { ReservationFollower } from '../../src/coupon/reservation-follower.service.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import type { TestDatabase } from '../support/database.js';
import { inParallel } from '../support/in-parallel.js';
import { Instance } from '../support/instance.js';
import { insertCoupon } from '../support/ledger-coupons.js';
import { outcomeOf } from '../support/outcome.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { countEach } from '../support/tally.js';
import { newUserIds } from '../support/unique-ids.js';

const BATCH = 500;

/** Users who keep their hangul code; all others get a readable one. */
const keepHangul = new Set<number>();
/** The sizes of the batches that were tried. */
const batches: number[] = [];

class HangulForFew extends IssuanceRepository {
  override async insertUserCoupons(
    ...[manager, couponId, rows, now]: Parameters<IssuanceRepository['insertUserCoupons']>
  ) {
    batches.push(rows.length);
    const written = rows.map((row) =>
      row.code === null || keepHangul.has(row.userId) ? row : { ...row, code: `CODE-${row.sequenceNumber}` },
    );
    await super.insertUserCoupons(manager, couponId, written, now);
  }
}

let instance: Instance;
let database: TestDatabase;

beforeAll(async () => {
  const own = await openOwnServers('refusals');
  database = own.database;
  instance = await Instance.open({
    servers: own.servers,
    env: {
      COUPON_ISSUANCE_BATCH_SIZE: String(BATCH),
      // Long enough for all who ask at once to share a batch.
      COUPON_ISSUANCE_LINGER_MS: '1000',
      // Each row that is refused is reported as an error.
      LOG_LEVEL: 'fatal',
    },
    override: (builder) => builder.overrideProvider(IssuanceRepository).useClass(HangulForFew),
  });
  await database.change('CREATE TABLE refused_users (user_id BIGINT PRIMARY KEY)');
  await database.change(`CREATE TRIGGER refuse_user BEFORE INSERT ON user_coupons FOR EACH ROW
    IF EXISTS (SELECT 1 FROM refused_users WHERE user_id = NEW.user_id) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one';
    END IF`);
  await database.change('ALTER TABLE user_coupons MODIFY code VARCHAR(32) CHARACTER SET latin1 NULL');
});

/** How a call of `issue` ended: the status of what it answered, or the code of the refusal. */
function outcome(attempt: Promise<{ readonly status: string }>): Promise<string> {
  return outcomeOf(attempt, ({ status }) => status);
}

async function refuseByTrigger(userId: number): Promise<void> {
  await database.change('INSERT INTO refused_users (user_id) VALUES (?)', [userId]);
}

async function refuseByCode(userId: number): Promise<void> {
  keepHangul.add(userId);
}

describe.each([
  ["a trigger's SQLSTATE 45000", 'none', 'not this one', refuseByTrigger],
  ['a code outside the character set (error 1366)', 'hangul', 'Incorrect string value', refuseByCode],
] as const)('a row that the database refuses for good: %s', (_name, codeFormat, detail, refuse) => {
  it('fails alone; the 499 others of its batch are issued, and its slot goes to someone else', async () => {
    const couponId = await insertCoupon(instance.get(DataSource), { total_quantity: BATCH, code_format: codeFormat });
    await instance.get(RebuildService).load(couponId);
    const service = instance.get(ReservationService);
    const userIds = newUserIds(BATCH);
    const victim = userIds[123] as number;
    await refuse(victim);
    batches.length = 0;

    const reserved = await inParallel(userIds, (userId) => service.reserve(couponId, userId));
    const victimsNumber = reserved.find(({ userId }) => userId === victim)?.sequenceNumber;
    await eventually(async () => expect(await database.couponCounts(couponId)).toMatchObject({ failedQuantity: 1 }));
    // That they were one batch, halved: one row in it spoils the statement for all.
    expect(batches[0]).toBe(BATCH);

    const { failures } = await instance.get(FailureService).list(couponId, { cursor: undefined, limit: 10 });
    expect(failures).toMatchObject([{ userId: victim, sequenceNumber: victimsNumber, reason: 'REFUSED_BY_DATABASE' }]);
    expect(failures[0]?.detail).toContain(detail);
    expect(await instance.get(ReservationFollower).find(couponId, victim)).toMatchObject({
      status: 'FAILED',
      failureReason: 'REFUSED_BY_DATABASE',
    });

    // The slot is offered again, to one: whoever comes first.
    const later = newUserIds(20);
    await eventually(async () =>
      expect((await instance.get(RedisCouponStore).inspect(couponId)).reserved).toBe(BATCH - 1),
    );
    const outcomes = await inParallel(later, (userId) => outcome(service.issue(couponId, userId)));
    expect(countEach(outcomes)).toEqual({ ISSUED: 1, COUPON_SOLD_OUT: 19 });
    const holders = [...userIds.filter((userId) => userId !== victim), later[outcomes.indexOf('ISSUED')]];
    const rows = await database.userCoupons(couponId);
    expect(rows).toHaveLength(BATCH);
    expect(new Set(rows.map(({ userId }) => userId))).toEqual(new Set(holders));
    expect(new Set(rows.map(({ sequenceNumber }) => sequenceNumber)).has(victimsNumber as number)).toBe(false);
    await eventually(async () =>
      expect(await instance.get(AuditService).audit(couponId)).toMatchObject({ violations: [] }),
    );
  });

  it('is told to the caller who waits for it, and may be asked for again', async () => {
    const couponId = await insertCoupon(instance.get(DataSource), { total_quantity: 3, code_format: codeFormat });
    await instance.get(RebuildService).load(couponId);
    const service = instance.get(ReservationService);
    const [victim, ...others] = newUserIds(3) as [number, ...number[]];
    await refuse(victim);
    const outcomes = await inParallel([victim, ...others], (userId) => outcome(service.issue(couponId, userId)));
    expect(outcomes).toEqual(['ISSUANCE_FAILED', 'ISSUED', 'ISSUED']);

    const again = await service.issue(couponId, victim).catch((error: unknown) => error);
    expect(again).toMatchObject({ code: 'ISSUANCE_FAILED', data: { reason: 'REFUSED_BY_DATABASE' } });
    const { failures } = await instance.get(FailureService).list(couponId, { cursor: undefined, limit: 10 });
    expect(failures.map(({ userId }) => userId)).toEqual([victim, victim]);
    expect(new Set(failures.map(({ sequenceNumber }) => sequenceNumber)).size).toBe(2);
  });
});
