import { AuditRepository } from '../../../../src/coupon/audit/audit.repository.js';
import { CouponRepository } from '../../../../src/coupon/coupon.repository.js';
import { FailureRepository } from '../../../../src/coupon/issuance/failure.repository.js';
import { IssuanceRepository } from '../../../../src/coupon/issuance/issuance.repository.js';
import { IssuedUseByRepository } from '../../../../src/coupon/issued-use-by.repository.js';
import { LedgerRepository } from '../../../../src/coupon/ledger.repository.js';
import { LockIssuanceRepository } from '../../../../src/coupon/lock/lock-issuance.repository.js';
import { RebuildRepository } from '../../../../src/coupon/reservation/rebuild.repository.js';
import { RevocationRepository } from '../../../../src/coupon/revocation/revocation.repository.js';
import { UserCouponUsage } from '../../../../src/coupon/user-coupon-usage.repository.js';
import { OutboxRepository } from '../../../../src/events/outbox.repository.js';
import { ActionRepository } from '../../../../src/identity/trail/action.repository.js';
import { DeliveryRepository } from '../../../../src/events/relay/delivery.repository.js';
import { DispatchRepository } from '../../../../src/events/relay/dispatch.repository.js';
import { RelayLeaseRepository } from '../../../../src/events/relay/relay-lease.repository.js';
import { CancellationRepository } from '../../../../src/order/cancellation.repository.js';
import { PaidOrders } from '../../../../src/order/paid-orders.repository.js';
import { PaymentRepository } from '../../../../src/order/payment.repository.js';
import { BackupRepository } from '../../../../src/ranking/backup/backup.repository.js';
import { SimulatedActionRepository } from './action.repository.js';
import { SimulatedAuditRepository } from './audit.repository.js';
import { SimulatedBackupRepository } from './backup.repository.js';
import { SimulatedCancellationRepository } from './cancellation.repository.js';
import { SimulatedCouponRepository } from './coupon.repository.js';
import { SimulatedFailureRepository } from './failure.repository.js';
import { SimulatedIssuanceRepository } from './issuance.repository.js';
import { SimulatedIssuedUseByRepository } from './issued-use-by.repository.js';
import { SimulatedLedgerRepository } from './ledger.repository.js';
import { SimulatedLockIssuanceRepository } from './lock-issuance.repository.js';
import { SimulatedOutboxRepository } from './outbox.repository.js';
import { SimulatedDeliveryRepository } from './delivery.repository.js';
import { SimulatedDispatchRepository } from './dispatch.repository.js';
import { SimulatedRelayLeaseRepository } from './relay-lease.repository.js';
import { SimulatedPaidOrders } from './paid-orders.repository.js';
import { SimulatedPaymentRepository } from './payment.repository.js';
import { SimulatedRebuildRepository } from './rebuild.repository.js';
import { SimulatedRevocationRepository } from './revocation.repository.js';
import type { StatementRunner } from './statement-runner.js';
import { SimulatedUserCouponUsage } from './user-coupon-usage.repository.js';

/** For each real repository the one that stands in its place. */
export function simulatedRepositories(runner: StatementRunner) {
  return new Map<abstract new (...args: never[]) => unknown, object>([
    [CouponRepository, new SimulatedCouponRepository(runner)],
    [LedgerRepository, new SimulatedLedgerRepository(runner)],
    [IssuanceRepository, new SimulatedIssuanceRepository(runner)],
    [IssuedUseByRepository, new SimulatedIssuedUseByRepository(runner)],
    [RevocationRepository, new SimulatedRevocationRepository(runner)],
    [RebuildRepository, new SimulatedRebuildRepository()],
    [FailureRepository, new SimulatedFailureRepository(runner)],
    [AuditRepository, new SimulatedAuditRepository(runner)],
    [LockIssuanceRepository, new SimulatedLockIssuanceRepository()],
    [UserCouponUsage, new SimulatedUserCouponUsage()],
    [PaymentRepository, new SimulatedPaymentRepository()],
    [CancellationRepository, new SimulatedCancellationRepository()],
    [PaidOrders, new SimulatedPaidOrders(runner)],
    [ActionRepository, new SimulatedActionRepository(runner)],
    [OutboxRepository, new SimulatedOutboxRepository()],
    [RelayLeaseRepository, new SimulatedRelayLeaseRepository(runner)],
    [DispatchRepository, new SimulatedDispatchRepository(runner)],
    [DeliveryRepository, new SimulatedDeliveryRepository(runner)],
    [BackupRepository, new SimulatedBackupRepository(runner)],
  ]);
}
