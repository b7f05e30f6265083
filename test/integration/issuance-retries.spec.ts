import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { AuditService } from '../../src/coupon/audit/audit.service.js';
import { CouponCodeGenerator } from '../../src/coupon/issuance/coupon-code.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { IssuanceRepository } from '../../src/coupon/issuance/issuance.repository.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import type { TestDatabase } from '../support/database.js';
import { connectionError, FailingStatements, serverError } from '../support/failing-statements.js';
import { inParallel } from '../support/in-parallel.js';
import { Instance } from '../support/instance.js';
import { insertCoupon } from '../support/ledger-coupons.js';
import { openOwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { newUserId, newUserIds } from '../support/unique-ids.js';

const USERS = 100;

/** Batches with more rows than this get one and the same code for all. */
let collideAbove = Number.POSITIVE_INFINITY;

class CollidingInBatches extends IssuanceRepository {
  override async insertUserCoupons(
    ...[manager, couponId, rows, now]: Parameters<IssuanceRepository['insertUserCoupons']>
  ) {
    const written = rows.length > collideAbove ? rows.map((row) => ({ ...row, code: 'SAME' })) : rows;
    await super.insertUserCoupons(manager, couponId, written, now);
  }
}

/** Draws the same code so many times before it draws as it should. */
class CollidingCodes extends CouponCodeGenerator {
  collisionsLeft = 0;

  override draw(...args: Parameters<CouponCodeGenerator['draw']>): string | null {
    this.collisionsLeft -= 1;
    return this.collisionsLeft >= 0 ? 'SAME' : super.draw(...args);
  }
}

let instance: Instance;
let database: TestDatabase;
let statements: FailingStatements;
const codes = new CollidingCodes();

beforeAll(async () => {
  const own = await openOwnServers('retries');
  database = own.database;
  instance = await Instance.open({
    servers: own.servers,
    // No sweep helps: the issuer itself has to try again, for as long as it takes.
    env: {
      // Those who ask at once share batches, as in production.
      COUPON_ISSUANCE_LINGER_MS: '5',
      COUPON_ISSUE_TIMEOUT_MS: '60000',
      COUPON_ISSUANCE_RETRY_MAX_DELAY_MS: '50',
      // Each failure that a test arranges is reported as an error.
      LOG_LEVEL: 'fatal',
    },
    override: (builder) =>
      builder
        .overrideProvider(CouponCodeGenerator)
        .useValue(codes)
        .overrideProvider(IssuanceRepository)
        .useClass(CollidingInBatches),
  });
  statements = new FailingStatements(instance.get(DataSource));
});

async function loadedCoupon(codeFormat: string, failedQuantity = 0): Promise<number> {
  const couponId = await insertCoupon(instance.get(DataSource), {
    total_quantity: USERS,
    code_format: codeFormat,
    failed_quantity: failedQuantity,
  });
  await instance.get(RebuildService).load(couponId);
  return couponId;
}

/**
 * Issues a coupon to USERS users at once; each must get it, once, under the number and with the code that is recorded.
 */
async function expectAllIssued(couponId: number): Promise<void> {
  const service = instance.get(ReservationService);
  const issued = await inParallel(newUserIds(USERS), (userId) => service.issue(couponId, userId));

  const rows = await database.userCoupons(couponId);
  const rowOf = new Map(rows.map((row) => [row.userId, row]));
  expect(rows).toHaveLength(USERS);
  for (const answer of issued) {
    const { id, sequenceNumber, code } = rowOf.get(answer.userId) ?? {};
    expect(answer).toMatchObject({ status: 'ISSUED', userCouponId: id, sequenceNumber, code });
  }
  expect(await database.couponCounts(couponId)).toMatchObject({ issuedQuantity: USERS });
  await eventually(async () =>
    expect(await instance.get(AuditService).audit(couponId)).toMatchObject({ violations: [] }),
  );
}

async function expectDifferentCodes(couponId: number): Promise<void> {
  await expectAllIssued(couponId);
  const drawn = (await database.userCoupons(couponId)).map(({ code }) => code);
  expect(new Set(drawn).size).toBe(USERS);
}

describe('an error that passes makes the issuer start the whole transaction again', () => {
  const DEADLOCK = serverError(1213, '40001', 'Deadlock found when trying to get lock; try restarting transaction');
  const LOCK_WAIT = serverError(1205, 'HY000', 'Lock wait timeout exceeded; try restarting transaction');
  const READ_ONLY = serverError(1290, 'HY000', 'The MySQL server is running with the --read-only option');
  const DISK_FULL = serverError(1114, 'HY000', "The table 'user_coupons' is full");
  const UNHEARD_OF = serverError(4711, 'HY000', 'Something no one has heard of');
  const LOST = connectionError('PROTOCOL_CONNECTION_LOST');

  it.each([
    ['a deadlock when the coupon is locked', /^UPDATE coupons\s+SET event_position/, DEADLOCK],
    ['a lock-wait time-out when the coupon is locked', /^UPDATE coupons\s+SET event_position/, LOCK_WAIT],
    ['a deadlock when the rows are inserted', /^INSERT INTO user_coupons/, DEADLOCK],
    ['a deadlock when others are to be told', /^INSERT INTO outbox/, DEADLOCK],
    ['a full disk when the rows are inserted', /^INSERT INTO user_coupons/, DISK_FULL],
    ['a server that became read-only', /^INSERT INTO user_coupons/, READ_ONLY],
    ['an unknown error when the counters are raised', /^UPDATE coupons\s+SET event_position/, UNHEARD_OF],
    ['a deadlock at COMMIT, which was not carried out', /^COMMIT$/, DEADLOCK],
    ['a connection lost at the start', /^START TRANSACTION$/, LOST],
    ['a connection lost at COMMIT, which was not carried out', /^COMMIT$/, LOST],
  ])('%s', async (_name, statement, error) => {
    const couponId = await loadedCoupon('alphanumeric');
    statements.next(statement, error, { times: 7 });
    await expectAllIssued(couponId);
    expect(statements.left).toBe(0);
  });

  // Once one has failed, each reservation is looked up under the lock.
  it.each([
    ['when the coupon is locked', /FOR UPDATE$/],
    ['when users are looked up', /^SELECT user_id AS userId FROM user_coupons/],
    ['when failures are looked up', /FROM issuance_failures/],
  ])('a deadlock %s, for a coupon of which a reservation has failed', async (_name, statement) => {
    const couponId = await loadedCoupon('alphanumeric', 1);
    statements.next(statement, DEADLOCK, { times: 7 });
    await expectAllIssued(couponId);
    expect(statements.left).toBe(0);
  });

  it.each([
    ['the rows', /^INSERT INTO user_coupons/],
    ['COMMIT', /^COMMIT$/],
  ])('when the answer to %s is lost, though it was carried out', async (_name, statement) => {
    const couponId = await loadedCoupon('none');
    statements.next(statement, LOST, { times: 3, isCarriedOut: true });
    await expectAllIssued(couponId);
    expect(statements.left).toBe(0);
  });
});

describe('a code that collides', () => {
  afterEach(() => {
    collideAbove = Number.POSITIVE_INFINITY;
  });

  it('with another one of its batch is drawn again, and nobody fails', async () => {
    const couponId = await loadedCoupon('alphanumeric');
    codes.collisionsLeft = 2;
    await expectDifferentCodes(couponId);
    expect(codes.collisionsLeft).toBeLessThan(0);
  });

  it('with one that was issued before is drawn again, and nobody fails', async () => {
    const couponId = await loadedCoupon('alphanumeric');
    codes.collisionsLeft = 1;
    await instance.get(ReservationService).issue(couponId, newUserId());
    codes.collisionsLeft = 1;
    await instance.get(ReservationService).issue(couponId, newUserId());
    const drawn = (await database.userCoupons(couponId)).map(({ code }) => code);
    expect(drawn).toEqual(['SAME', expect.not.stringMatching('SAME')]);
  });

  it('in every try of a batch has the batch halved until it passes, and nobody fails', async () => {
    const couponId = await loadedCoupon('alphanumeric');
    collideAbove = 20;
    await expectDifferentCodes(couponId);
  });
});
