export { CouponModule } from './coupon.module.js';
export { couponDraft } from './coupon.schemas.js';
export { CouponService } from './coupon.service.js';
export { entryTicketOf } from './entry/entry-ticket-header.js';
export { located } from './reservation-location.js';
export { reserved } from './reservation-view.js';
export { ReservationService } from './reservation.service.js';
export { type UsableCoupon, type UsageConditions, UserCouponUsage } from './user-coupon-usage.repository.js';
export { NOT_USABLE_REASONS, type NotUsableReason } from './user-coupon-status.js';
export { UserCouponService } from './user-coupon.service.js';
export { CouponHistoryReader } from './watch/coupon-history.service.js';
export {
  type CouponOverview,
  CouponOverviewService,
  type LedgerSide,
  type RedisSide,
} from './watch/coupon-overview.service.js';
export { type HistoryPoint, refusedIn } from './watch/history-point.js';
