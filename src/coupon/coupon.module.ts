import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventRelayModule } from '../events/index.js';
import { IdempotencyModule } from '../platform/idempotency/idempotency.module.js';
import { UserModule } from '../user/index.js';
import { AuditRepository } from './audit/audit.repository.js';
import { AuditService } from './audit/audit.service.js';
import { SlotComparison } from './audit/slot-comparison.js';
import { CouponAdministrationController } from './coupon-administration.controller.js';
import { CouponAdministration } from './coupon-administration.service.js';
import { CouponSearchRepository } from './coupon-search.repository.js';
import { CouponSearch } from './coupon-search.service.js';
import { CouponController } from './coupon.controller.js';
import { Coupon } from './coupon.entity.js';
import { CouponRepository } from './coupon.repository.js';
import { CouponService } from './coupon.service.js';
import { EntryDesk } from './entry/entry-desk.service.js';
import { EntryMetrics } from './entry/entry-metrics.js';
import { EntryRules } from './entry/entry-rules.service.js';
import { EntrySeedRepository } from './entry/entry-seed.repository.js';
import { EntrySeeds } from './entry/entry-seeds.service.js';
import { EntryTicketController } from './entry/entry-ticket.controller.js';
import { EntryTickets } from './entry/entry-tickets.service.js';
import { Turnstile } from './entry/turnstile.service.js';
import { CouponHolderController } from './holders/coupon-holder.controller.js';
import { CouponHolderExports } from './holders/coupon-holder-exports.service.js';
import { CouponHolderRepository } from './holders/coupon-holder.repository.js';
import { CouponHolders } from './holders/coupon-holders.service.js';
import { DecisionReader } from './grant/decision-reader.service.js';
import { GrantController } from './grant/grant.controller.js';
import { Grants } from './grant/grant.service.js';
import { IssuanceFailure } from './issuance-failure.entity.js';
import { CouponCodeGenerator } from './issuance/coupon-code.js';
import { CouponIssuer } from './issuance/coupon-issuer.service.js';
import { DescribeCouponEvents } from './describe-coupon-events.js';
import { FailureRepository } from './issuance/failure.repository.js';
import { FailureRetries } from './issuance/failure-retries.service.js';
import { FailureService } from './issuance/failure.service.js';
import { ForgetEndedCouponsJob } from './issuance/forget-ended-coupons.job.js';
import { IssuanceMetrics } from './issuance/issuance-metrics.js';
import { IssuanceQueue } from './issuance/issuance-queue.service.js';
import { IssuanceRepository } from './issuance/issuance.repository.js';
import { IssueWhenCouponReservedListener } from './issuance/issue-when-coupon-reserved.listener.js';
import { BatchesInHand } from './issuance/kafka/batches-in-hand.service.js';
import { KafkaTransportMetrics } from './issuance/kafka/kafka-transport-metrics.js';
import { KafkaTransport } from './issuance/kafka/kafka-transport.service.js';
import { ReservationConsumer } from './issuance/kafka/reservation-consumer.service.js';
import { Ledger } from './issuance/ledger.service.js';
import { OpenFailuresRepository } from './issuance/open-failures.repository.js';
import { ReservationReader } from './issuance/reservation-reader.service.js';
import { ReservationWaiters } from './issuance/reservation-waiters.service.js';
import { RetryingLedger } from './issuance/retrying-ledger.service.js';
import { SettlementService } from './issuance/settlement.service.js';
import { SweepPendingJob } from './issuance/sweep-pending.job.js';
import { DeletedCoupons } from './issuance/deleted-coupons.service.js';
import { LeakedSlots } from './issuance/leaked-slots.service.js';
import { MissingHolders } from './issuance/missing-holders.service.js';
import { SweepService } from './issuance/sweep.service.js';
import { WaiterLimits } from './issuance/waiter-limits.js';
import { IssuedUseByRepository } from './issued-use-by.repository.js';
import { IssuedUseBy } from './issued-use-by.service.js';
import { LedgerRepository } from './ledger.repository.js';
import { LockIssuanceRepository } from './lock/lock-issuance.repository.js';
import { LockIssuanceService } from './lock/lock-issuance.service.js';
import { ReservationEventsController } from './reservation-events.controller.js';
import { ReservationEvents } from './reservation-events.service.js';
import { ReservationFollower } from './reservation-follower.service.js';
import { ReservationController } from './reservation.controller.js';
import { ReservationService } from './reservation.service.js';
import { AdmissionService } from './reservation/admission.service.js';
import { AdmissionStore } from './reservation/admission.store.js';
import { BulkAdmission } from './reservation/bulk-admission.service.js';
import { CouponChanges } from './reservation/coupon-changes.service.js';
import { CouponDefinitionService } from './reservation/coupon-definition.service.js';
import { DefinitionCache } from './reservation/definition-cache.js';
import { DefinitionPublisher } from './reservation/definition-publisher.service.js';
import { DefinitionStore } from './reservation/definition.store.js';
import { LoadCouponsWhenRedisIsReadyListener } from './reservation/load-coupons-when-redis-is-ready.listener.js';
import { OutcomeChannels } from './reservation/outcome-channels.store.js';
import { RebuildRepository } from './reservation/rebuild.repository.js';
import { RebuildService } from './reservation/rebuild.service.js';
import { RebuildStore } from './reservation/rebuild.store.js';
import { RedisCouponStore } from './reservation/redis-coupon.store.js';
import { RefusalTally } from './reservation/refusal-tally.js';
import { ReservationMetrics } from './reservation/reservation-metrics.js';
import { ReserveBatcher } from './reservation/reserve-batcher.js';
import { ReserveBreakers } from './reservation/reserve-breakers.js';
import { SeenNumbers } from './reservation/seen-numbers.js';
import { SettlementStore } from './reservation/settlement.store.js';
import { RevocationController } from './revocation/revocation.controller.js';
import { RevocationRepository } from './revocation/revocation.repository.js';
import { Revocations } from './revocation/revocation.service.js';
import { UserCouponUsage } from './user-coupon-usage.repository.js';
import { UserCouponController } from './user-coupon.controller.js';
import { UserCoupon } from './user-coupon.entity.js';
import { UserCouponRepository } from './user-coupon.repository.js';
import { UserCouponService } from './user-coupon.service.js';
import { CouponGauges } from './watch/coupon-gauges.js';
import { CouponHistoryReader } from './watch/coupon-history.service.js';
import { CouponHistoryStore } from './watch/coupon-history.store.js';
import { CouponOverviewService } from './watch/coupon-overview.service.js';
import { CouponWatch } from './watch/coupon-watch.service.js';
import { HistoryRecorder } from './watch/history-recorder.service.js';
import { RecordHistoryJob } from './watch/record-history.job.js';
import { SharedRefusals } from './watch/shared-refusals.service.js';
import { WatchCouponsJob } from './watch/watch-coupons.job.js';
import { WorkTimes } from './work-time.js';

/** Redis admits. */
const RESERVATION = [
  ReserveBreakers,
  SeenNumbers,
  AdmissionStore,
  DefinitionStore,
  SettlementStore,
  OutcomeChannels,
  RedisCouponStore,
  RebuildStore,
  RebuildRepository,
  DefinitionCache,
  CouponChanges,
  CouponDefinitionService,
  DefinitionPublisher,
  RebuildService,
  LoadCouponsWhenRedisIsReadyListener,
  AdmissionService,
  BulkAdmission,
  ReserveBatcher,
  ReservationMetrics,
  RefusalTally,
];

/** Who may ask. */
const ENTRY = [EntryTickets, EntryDesk, EntrySeeds, EntrySeedRepository, EntryRules, EntryMetrics, Turnstile];

/** MySQL decides. */
const ISSUANCE = [
  IssueWhenCouponReservedListener,
  IssuanceQueue,
  KafkaTransport,
  KafkaTransportMetrics,
  ReservationConsumer,
  BatchesInHand,
  CouponIssuer,
  Ledger,
  RetryingLedger,
  IssuanceRepository,
  CouponCodeGenerator,
  SettlementService,
  ReservationWaiters,
  ReservationReader,
  WaiterLimits,
  IssuanceMetrics,
  SweepService,
  LeakedSlots,
  MissingHolders,
  DeletedCoupons,
  SweepPendingJob,
  ForgetEndedCouponsJob,
  FailureService,
  FailureRepository,
  FailureRetries,
  OpenFailuresRepository,
];

/** Or MySQL alone, by its row lock. */
const LOCK = [LockIssuanceService, LockIssuanceRepository];

const AUDIT = [AuditService, AuditRepository, SlotComparison];

/** Who holds a coupon. */
const HOLDERS = [CouponHolders, CouponHolderExports, CouponHolderRepository];

/** What other systems are told. */
const EVENTS = [DescribeCouponEvents];

const WATCH = [
  CouponOverviewService,
  CouponWatch,
  CouponGauges,
  WatchCouponsJob,
  SharedRefusals,
  CouponHistoryStore,
  CouponHistoryReader,
  HistoryRecorder,
  RecordHistoryJob,
];

/** What operators give and take back. */
const GIVE_AND_TAKE = [WorkTimes, Grants, DecisionReader, Revocations, RevocationRepository];

/** Everything that the module is made of, besides its controllers. */
export const COUPON_PROVIDERS = [
  CouponRepository,
  CouponService,
  CouponSearch,
  CouponSearchRepository,
  IssuedUseBy,
  IssuedUseByRepository,
  CouponAdministration,
  ReservationService,
  ReservationFollower,
  ReservationEvents,
  LedgerRepository,
  UserCouponRepository,
  UserCouponService,
  UserCouponUsage,
  ...RESERVATION,
  ...ENTRY,
  ...ISSUANCE,
  ...LOCK,
  ...AUDIT,
  ...HOLDERS,
  ...EVENTS,
  ...WATCH,
  ...GIVE_AND_TAKE,
];

@Module({
  imports: [
    TypeOrmModule.forFeature([Coupon, UserCoupon, IssuanceFailure]),
    EventRelayModule,
    IdempotencyModule,
    UserModule,
  ],
  controllers: [
    CouponController,
    EntryTicketController,
    ReservationController,
    ReservationEventsController,
    CouponAdministrationController,
    CouponHolderController,
    GrantController,
    RevocationController,
    UserCouponController,
  ],
  providers: COUPON_PROVIDERS,
  exports: [
    CouponService,
    ReservationService,
    UserCouponService,
    CouponOverviewService,
    CouponHistoryReader,
    UserCouponUsage,
  ],
})
export class CouponModule {}
