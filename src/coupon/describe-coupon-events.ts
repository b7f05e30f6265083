import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type EventData, Outbox, type ToldEvent } from '../events/index.js';
import type { ToldReservations, ToldRevocation } from './coupon-events.js';
import { FailureRepository } from './issuance/failure.repository.js';
import { IssuanceRepository } from './issuance/issuance.repository.js';
import { LedgerRepository } from './ledger.repository.js';

/** Says how the events of coupons are told to other systems: codes and ids are read when they are told. */
@Injectable()
export class DescribeCouponEvents implements OnModuleInit {
  constructor(
    private readonly outbox: Outbox,
    private readonly issuance: IssuanceRepository,
    private readonly failures: FailureRepository,
    private readonly ledger: LedgerRepository,
  ) {}

  onModuleInit(): void {
    this.outbox.describe('firstcome.coupon.issued', (event: ToldEvent<ToldReservations>) => this.issued(event));
    this.outbox.describe('firstcome.coupon.failed', (event: ToldEvent<ToldReservations>) => this.failed(event));
    this.outbox.describe('firstcome.coupon.revoked', (event: ToldEvent<ToldRevocation>) => this.revoked(event));
    this.outbox.describe('firstcome.coupon.used', (event: ToldEvent<{ readonly userCouponId: number }>) =>
      this.used(event),
    );
    this.outbox.describe('firstcome.coupon.sold-out', async ({ couponId }) => ({ couponId, items: [] }));
    this.outbox.describe('firstcome.coupon.changed', async ({ couponId, content }: ToldEvent<object>) => ({
      couponId,
      ...content,
      items: [],
    }));
  }

  private async issued({ couponId = 0, content, occurredAt }: ToldEvent<ToldReservations>): Promise<EventData> {
    const rows = await this.issuance.issuedTo(
      couponId,
      content.map(([userId]) => userId),
    );
    const rowOf = new Map(rows.map((row) => [row.userId, row]));
    const items = content.map(([userId, sequenceNumber]) => {
      const { userCouponId, code } = rowOf.get(userId) ?? {};
      return { userId, sequenceNumber, userCouponId, code: code ?? undefined, issuedAt: occurredAt.toISOString() };
    });
    return { couponId, items };
  }

  private async failed({ couponId = 0, content, occurredAt }: ToldEvent<ToldReservations>): Promise<EventData> {
    const failures = await this.failures.findOf(
      couponId,
      content.map(([userId]) => userId),
    );
    const reasonOf = new Map(failures.map((each) => [`${each.userId}:${each.sequenceNumber}`, each.reason]));
    const items = content.map(([userId, sequenceNumber]) => {
      const reason = reasonOf.get(`${userId}:${sequenceNumber}`);
      return { userId, sequenceNumber, reason, failedAt: occurredAt.toISOString() };
    });
    return { couponId, items };
  }

  private async revoked({ couponId = 0, content, occurredAt }: ToldEvent<ToldRevocation>): Promise<EventData> {
    const { reason, revoked } = content;
    const rows = await this.issuance.issuedTo(
      couponId,
      revoked.map(([userId]) => userId),
    );
    const rowOf = new Map(rows.map((row) => [row.userId, row]));
    const items = revoked.map(([userId, sequenceNumber]) => {
      const row = rowOf.get(userId);
      const held = row && {
        userCouponId: row.userCouponId,
        code: row.code ?? undefined,
        issuedAt: row.issuedAt.toISOString(),
      };
      return { userId, sequenceNumber, ...held, reason, revokedAt: occurredAt.toISOString() };
    });
    return { couponId, items };
  }

  private async used({ couponId, subject, content, occurredAt }: ToldEvent<{ readonly userCouponId: number }>) {
    const { userCouponId } = content;
    const row = await this.ledger.findUserCoupon(userCouponId);
    const held = row && {
      userId: row.userId,
      sequenceNumber: row.sequenceNumber,
      code: row.code ?? undefined,
      issuedAt: row.issuedAt.toISOString(),
    };
    const orderNumber = subject.slice(subject.indexOf('/') + 1);
    return { couponId, items: [{ ...held, userCouponId, usedAt: occurredAt.toISOString(), orderNumber }] };
  }
}
