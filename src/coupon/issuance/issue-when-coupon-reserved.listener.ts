import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { CouponReservedEvent } from '../reservation/coupon-reserved.event.js';
import { CouponIssuer } from './coupon-issuer.service.js';

/** Starts the issuance of an admitted user. It can't fail: what the issuer has no room for stays pending for the sweep. */
@Injectable()
export class IssueWhenCouponReservedListener {
  constructor(private readonly issuer: CouponIssuer) {}

  @OnEvent(CouponReservedEvent.type)
  handle({ couponId, reservation }: CouponReservedEvent): void {
    this.issuer.submit(couponId, reservation);
  }
}
