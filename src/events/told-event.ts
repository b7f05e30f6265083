/** What other systems are told of. The schema of each is docs/events/<type>.schema.json. */
export const EVENT_TYPES = [
  'firstcome.coupon.issued',
  'firstcome.coupon.failed',
  'firstcome.coupon.sold-out',
  'firstcome.coupon.changed',
  'firstcome.coupon.revoked',
  'firstcome.coupon.used',
  'firstcome.order.paid',
  'firstcome.order.refunded',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Something that the ledger has decided, as it is kept in the table `outbox`. */
export interface ToldEvent<Content = unknown> {
  /** What it happened to, `coupons/42` or `orders/{number}`: events of one subject are told in their order. */
  readonly subject: string;
  /** 1, 2, 3 ... of its subject, in the order of the decisions: CloudEvents `sequence`. */
  readonly position: number;
  readonly type: EventType;
  /** The coupon that it is about, if it is about one. */
  readonly couponId: number | undefined;
  /** What only the deciding transaction knows; the rest is looked up when it is told. As JSON. */
  readonly content: Content;
  readonly occurredAt: Date;
}

/** What a describer makes of an event: the `data` that other systems get. */
export type EventData = Readonly<Record<string, unknown>>;
