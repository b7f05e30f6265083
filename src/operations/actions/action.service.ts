import { Injectable } from '@nestjs/common';
import { ActionTrail, type StoredAction } from '../../identity/index.js';
import type { AnswerOf } from '../../platform/http/response-schemas.js';
import type { actionListResponse } from './action.responses.js';
import type { ActionsQuery } from './action.schemas.js';

type ActionPage = AnswerOf<typeof actionListResponse>;

const OF_A_COUPON = /^coupons\/(\d+)$/;

/** Shows the trace, which knows subjects only, in the words of the API. */
@Injectable()
export class ActionService {
  constructor(private readonly trail: ActionTrail) {}

  async list({ couponId, ...query }: ActionsQuery): Promise<ActionPage> {
    const subject = couponId === undefined ? undefined : `coupons/${couponId}`;
    const { page, nextCursor } = await this.trail.list({ ...query, subject });
    return { actions: page.map(actionView), nextCursor };
  }
}

function actionView({ id, at, subject, ...rest }: StoredAction): ActionPage['actions'][number] {
  const couponId = OF_A_COUPON.exec(subject ?? '')?.[1];
  return {
    ...rest,
    actionId: id,
    at: at.toISOString(),
    subject,
    couponId: couponId === undefined ? null : Number(couponId),
  };
}
