import type { MessageInitShape } from '@bufbuild/protobuf';
import { Inject, Injectable } from '@nestjs/common';
import { CouponService, ReservationService, UserCouponService } from '../coupon/index.js';
import { type Actor, type Caller, hasRole, userMeant } from '../identity/index.js';
import { Clock } from '../platform/clock.js';
import { CONFIG } from '../platform/config/config.module.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import { campaignDraft } from './campaign-draft.js';
import type {
  CreateCampaignRequest,
  CreateCampaignResponseSchema,
  GetCampaignRequest,
  GetCampaignResponseSchema,
  IssueCouponRequest,
  IssueCouponResponseSchema,
} from './generated/coupon/v1/coupon_pb.js';
import { isOpen, type RpcConfig } from './rpc.config.js';

/** Of one campaign; who needs more asks the list of a user's coupons, or the database. */
const MAX_CODES = 10_000;
const MAX_INT32 = 2 ** 31 - 1;

/** Says in the words of the campaign RPC what the services of coupons do; it decides nothing. */
@Injectable()
export class CampaignService {
  constructor(
    private readonly coupons: CouponService,
    private readonly reservations: ReservationService,
    private readonly userCoupons: UserCouponService,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: RpcConfig,
  ) {}

  /** @throws ValidationFailedError naming the wrong fields */
  async create(
    request: CreateCampaignRequest,
    actor: Actor,
  ): Promise<MessageInitShape<typeof CreateCampaignResponseSchema>> {
    const { couponId } = await this.coupons.create(campaignDraft(request, this.config.rpc, this.clock.now()), actor);
    return { campaignId: couponId };
  }

  /**
   * @param caller the codes are for administrators only
   * @throws CouponNotFoundError, ValidationFailedError
   */
  async get(
    { campaignId }: GetCampaignRequest,
    caller: Caller | undefined,
  ): Promise<MessageInitShape<typeof GetCampaignResponseSchema>> {
    const coupon = await this.coupons.stored(idOf('campaignId', campaignId));
    const isShown = coupon.codeFormat !== 'none' && (isOpen(this.config) || hasRole(caller, 'admin'));
    const issuedCoupons = isShown ? await this.userCoupons.codes(coupon.id, MAX_CODES) : [];
    return {
      id: coupon.id,
      name: coupon.name,
      couponLimit: BigInt(coupon.totalQuantity),
      // Some may have been issued since the coupon was read.
      currentCoupon: BigInt(Math.max(coupon.issuedQuantity, issuedCoupons.length)),
      startTime: inSeconds(coupon.startsAt),
      createdAt: inSeconds(coupon.createdAt),
      updatedAt: inSeconds(coupon.updatedAt ?? coupon.createdAt),
      issuedCoupons,
    };
  }

  /** Answers once the slot is held, and throws what {@link ReservationService.reserve} throws, and ForbiddenError. */
  async issue(
    { campaignId, userId }: IssueCouponRequest,
    caller: Caller | undefined,
    entryTicket: string | undefined,
  ): Promise<MessageInitShape<typeof IssueCouponResponseSchema>> {
    const meant = userMeant(caller, userId, 'act');
    await this.reservations.reserve(idOf('campaignId', campaignId), idOf('userId', meant), entryTicket, caller);
    return { message: 'OK' };
  }
}

/** A field that is left out arrives as 0. */
function idOf(path: string, value: number): number {
  if (value > 0) return value;
  throw new ValidationFailedError([{ path, message: `must be a whole number from 1 to ${MAX_INT32}` }]);
}

/** In RFC 3339, UTC, without a fraction. */
function inSeconds(time: Date): string {
  return `${time.toISOString().slice(0, -'.000Z'.length)}Z`;
}
