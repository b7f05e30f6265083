/** What the simulated tables hold: the columns that the saga and the ranking read or write. */
import type { Coupon } from '../../../src/coupon/coupon.entity.js';
import type { IssuanceFailure } from '../../../src/coupon/issuance-failure.entity.js';
import type { UserCoupon } from '../../../src/coupon/user-coupon.entity.js';
import type { EventType } from '../../../src/events/told-event.js';
import type { OrderStatus } from '../../../src/order/order.js';
import type { BusinessDay } from '../../../src/ranking/business-day.js';

/** What the database adds up is no column of it: see `capacityOf`. */
export type CouponRow = Readonly<Omit<Coupon, 'capacity'>>;
export type UserCouponRow = Readonly<UserCoupon>;
export type FailureRow = Readonly<IssuanceFailure>;

/** How many rows the coupon may have (P1). */
export function capacityOf({ totalQuantity, returnedQuantity }: CouponRow): number {
  return totalQuantity + returnedQuantity;
}

export interface OrderRow {
  readonly id: number;
  readonly orderNumber: string;
  readonly userId: number;
  readonly status: OrderStatus;
  /** In won. */
  readonly totalAmount: number;
  readonly userCouponId: number | null;
  readonly paidAt: Date | null;
  readonly cancelledAt: Date | null;
  readonly refundedAt: Date | null;
  /** In won. */
  readonly refundedAmount: number | null;
  readonly eventPosition: number;
}

export interface OrderItemRow {
  readonly orderId: number;
  readonly productId: number;
  readonly quantity: number;
}

/** A product in the backup of a day. */
export interface BackupRow {
  readonly businessDate: BusinessDay;
  readonly productId: number;
  readonly ranking: number;
  readonly salesCount: number;
  readonly productName: string | null;
  readonly backedUpAt: Date;
}

export interface BackupDayRow {
  readonly businessDate: BusinessDay;
  readonly backedUpAt: Date;
}

/** Something to tell, beside the decision. */
export interface OutboxRow {
  readonly subject: string;
  readonly position: number;
  readonly type: EventType;
  readonly couponId: number | null;
  /** As JSON. */
  readonly content: string;
  readonly occurredAt: Date;
  readonly isDispatched: boolean;
}

/** Who tells, on the clock of the database. */
export interface RelayLeaseRow {
  readonly id: number;
  readonly owner: string | null;
  readonly token: number;
  readonly untilAt: Date;
}

/** An event that a sink is to get. */
export interface DeliveryRow {
  readonly id: number;
  readonly sink: string;
  readonly subject: string;
  readonly position: number;
  readonly status: 'PENDING' | 'DELIVERED';
}

/** A subject of which a sink has not got everything. */
export interface ProgressRow {
  readonly sink: string;
  readonly subject: string;
  readonly attempts: number;
  readonly failingSince: Date | null;
  readonly nextAttemptAt: Date;
}

/** The rows of each table. */
export interface RowOf {
  readonly coupons: CouponRow;
  readonly userCoupons: UserCouponRow;
  readonly issuanceFailures: FailureRow;
  readonly orders: OrderRow;
  readonly orderItems: OrderItemRow;
  readonly backups: BackupRow;
  readonly backupDays: BackupDayRow;
  readonly outbox: OutboxRow;
  readonly relayLeases: RelayLeaseRow;
  readonly deliveries: DeliveryRow;
  readonly progress: ProgressRow;
}

export type TableName = keyof RowOf;
export type AnyRow = RowOf[TableName];

/** What a transaction has done to a table; of an updated row what it is now. */
export interface RowChanges<Row> {
  readonly inserted: readonly Row[];
  readonly updated: readonly Row[];
  readonly deleted: readonly Row[];
}

/** What a commit has written; a table that it did not touch is missing. */
export type WrittenRows = { readonly [Name in TableName]?: RowChanges<RowOf[Name]> };
