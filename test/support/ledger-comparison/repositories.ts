import type { DataSource } from 'typeorm';
import { AuditRepository } from '../../../src/coupon/audit/audit.repository.js';
import { Coupon } from '../../../src/coupon/coupon.entity.js';
import { CouponRepository } from '../../../src/coupon/coupon.repository.js';
import { IssuanceFailure } from '../../../src/coupon/issuance-failure.entity.js';
import { FailureRepository } from '../../../src/coupon/issuance/failure.repository.js';
import { IssuanceRepository } from '../../../src/coupon/issuance/issuance.repository.js';
import { IssuedUseByRepository } from '../../../src/coupon/issued-use-by.repository.js';
import { LedgerRepository } from '../../../src/coupon/ledger.repository.js';
import { LockIssuanceRepository } from '../../../src/coupon/lock/lock-issuance.repository.js';
import { RebuildRepository } from '../../../src/coupon/reservation/rebuild.repository.js';
import { RevocationRepository } from '../../../src/coupon/revocation/revocation.repository.js';
import { UserCouponUsage } from '../../../src/coupon/user-coupon-usage.repository.js';
import { UserCoupon } from '../../../src/coupon/user-coupon.entity.js';
import { OutboxRepository } from '../../../src/events/outbox.repository.js';
import { CancellationRepository } from '../../../src/order/cancellation.repository.js';
import { PaidOrders } from '../../../src/order/paid-orders.repository.js';
import { PaymentRepository } from '../../../src/order/payment.repository.js';
import { BackupRepository } from '../../../src/ranking/backup/backup.repository.js';
import { SimulatedAuditRepository } from '../../simulation/ledger/repositories/audit.repository.js';
import { SimulatedBackupRepository } from '../../simulation/ledger/repositories/backup.repository.js';
import { SimulatedCancellationRepository } from '../../simulation/ledger/repositories/cancellation.repository.js';
import { SimulatedCouponRepository } from '../../simulation/ledger/repositories/coupon.repository.js';
import { SimulatedFailureRepository } from '../../simulation/ledger/repositories/failure.repository.js';
import { SimulatedIssuanceRepository } from '../../simulation/ledger/repositories/issuance.repository.js';
import { SimulatedIssuedUseByRepository } from '../../simulation/ledger/repositories/issued-use-by.repository.js';
import { SimulatedLedgerRepository } from '../../simulation/ledger/repositories/ledger.repository.js';
import { SimulatedLockIssuanceRepository } from '../../simulation/ledger/repositories/lock-issuance.repository.js';
import { SimulatedOutboxRepository } from '../../simulation/ledger/repositories/outbox.repository.js';
import { SimulatedPaidOrders } from '../../simulation/ledger/repositories/paid-orders.repository.js';
import { SimulatedPaymentRepository } from '../../simulation/ledger/repositories/payment.repository.js';
import { SimulatedRebuildRepository } from '../../simulation/ledger/repositories/rebuild.repository.js';
import { SimulatedRevocationRepository } from '../../simulation/ledger/repositories/revocation.repository.js';
import type { PublicPart, StatementRunner } from '../../simulation/ledger/repositories/statement-runner.js';
import { SimulatedUserCouponUsage } from '../../simulation/ledger/repositories/user-coupon-usage.repository.js';

export const ENTITIES = [Coupon, UserCoupon, IssuanceFailure];

/** What the saga and the ranking write SQL with. */
export interface Repositories {
  readonly coupons: PublicPart<CouponRepository>;
  readonly ledger: PublicPart<LedgerRepository>;
  readonly issuance: PublicPart<IssuanceRepository>;
  readonly issuedUseBy: PublicPart<IssuedUseByRepository>;
  readonly revocations: PublicPart<RevocationRepository>;
  readonly rebuilds: PublicPart<RebuildRepository>;
  readonly failures: PublicPart<FailureRepository>;
  readonly audit: PublicPart<AuditRepository>;
  readonly lockIssuance: PublicPart<LockIssuanceRepository>;
  readonly usage: PublicPart<UserCouponUsage>;
  readonly paidOrders: PublicPart<PaidOrders>;
  readonly payments: PublicPart<PaymentRepository>;
  readonly cancellations: PublicPart<CancellationRepository>;
  readonly backups: PublicPart<BackupRepository>;
  readonly outbox: PublicPart<OutboxRepository>;
}

export function realRepositories(dataSource: DataSource): Repositories {
  return {
    coupons: new CouponRepository(dataSource.getRepository(Coupon)),
    ledger: new LedgerRepository(dataSource.getRepository(UserCoupon), dataSource.getRepository(IssuanceFailure)),
    issuance: new IssuanceRepository(dataSource),
    issuedUseBy: new IssuedUseByRepository(dataSource),
    revocations: new RevocationRepository(dataSource),
    rebuilds: new RebuildRepository(),
    failures: new FailureRepository(dataSource.getRepository(IssuanceFailure)),
    audit: new AuditRepository(dataSource),
    lockIssuance: new LockIssuanceRepository(),
    usage: new UserCouponUsage(),
    paidOrders: new PaidOrders(dataSource),
    payments: new PaymentRepository(),
    cancellations: new CancellationRepository(),
    backups: new BackupRepository(dataSource),
    outbox: new OutboxRepository(),
  };
}

export function simulatedRepositories(outside: StatementRunner): Repositories {
  return {
    coupons: new SimulatedCouponRepository(outside),
    ledger: new SimulatedLedgerRepository(outside),
    issuance: new SimulatedIssuanceRepository(outside),
    issuedUseBy: new SimulatedIssuedUseByRepository(outside),
    revocations: new SimulatedRevocationRepository(outside),
    rebuilds: new SimulatedRebuildRepository(),
    failures: new SimulatedFailureRepository(outside),
    audit: new SimulatedAuditRepository(outside),
    lockIssuance: new SimulatedLockIssuanceRepository(),
    usage: new SimulatedUserCouponUsage(),
    paidOrders: new SimulatedPaidOrders(outside),
    payments: new SimulatedPaymentRepository(),
    cancellations: new SimulatedCancellationRepository(),
    backups: new SimulatedBackupRepository(outside),
    outbox: new SimulatedOutboxRepository(),
  };
}

/** Every method that both have, as `repository.method`: the public ones, since a simulated class has all of those. */
export function methodsOf(real: Repositories, simulated: Repositories): string[] {
  const names = Object.keys(real) as Array<keyof Repositories>;
  return names.flatMap((name) => {
    const ofReal = new Set(methodNames(real[name]));
    return methodNames(simulated[name])
      .filter((method) => ofReal.has(method))
      .map((method) => `${name}.${method}`);
  });
}

function methodNames(repository: object): string[] {
  const prototype = Object.getPrototypeOf(repository) as object;
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
}
