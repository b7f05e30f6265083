import { z } from 'zod';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import {
  cursorQuery,
  id,
  idParam,
  limitQuery,
  newestPosition,
  oneOf,
  optional,
  visibleText,
  wholeNumber,
  withDefault,
} from '../platform/http/schemas.js';
import { idempotencyKey } from '../platform/idempotency/idempotency-key.js';
import { refusalOf } from '../platform/http/validation.pipe.js';
import { AUDIENCES, CODE_FORMATS, STRATEGIES } from './coupon.entity.js';
import { CHALLENGES, ENTRIES, MAX_ENTRY_SPREAD_SECONDS, OPEN_ENTRY } from './entry-terms.js';
import {
  APPLICABLE,
  assertUsage,
  type CheckedTerms,
  eitherDaysOrUntil,
  namesOneUseBy,
  pointInTime,
  RATE_ERROR,
  UNTIL_ERROR,
  usageFields,
  usagePatchFields,
} from './usage-terms.schemas.js';
import { COUPON_STATUSES } from './coupon-status.js';
import { USER_COUPON_STATUSES } from './user-coupon-status.js';

/** What the calls of this module take. Fields that may be left out may also be null. */

const MAX_NAME_LENGTH = 255;
const MAX_TOTAL_QUANTITY = 10_000_000;
const MAX_DISCOUNT_AMOUNT = 1_000_000_000_000;

const NAME_ERROR =
  `must be text of 1 to ${MAX_NAME_LENGTH} characters besides spaces at the ends, some of them visible, ` +
  'without control characters and those that change the direction of text';
const WINDOW_ERROR = 'must be later than startsAt';
const OPENING_ERROR = 'must not be later than startsAt';
const SPREAD_ERROR = `must be a whole number from 0 to ${MAX_ENTRY_SPREAD_SECONDS}`;

const name = visibleText(MAX_NAME_LENGTH, NAME_ERROR);
const totalQuantity = wholeNumber(MAX_TOTAL_QUANTITY).meta({ description: 'The stock' });
const isActive = z.boolean({ error: 'must be true or false' });

const entry = oneOf(ENTRIES);
const entrySpreadSeconds = z
  .int({ error: SPREAD_ERROR })
  .min(0, { error: SPREAD_ERROR })
  .max(MAX_ENTRY_SPREAD_SECONDS, { error: SPREAD_ERROR });
const challenge = oneOf(CHALLENGES);
const OPENING = 'From when on entry tickets are given, startsAt at the latest; by itself ten minutes before that';

/** Without it zod also compares a time that it has just refused, and which is still text. */
function everyFieldIsRight({ issues }: z.core.ParsePayload): boolean {
  return issues.length === 0;
}

export const createCouponBody = z
  .strictObject({
    name,
    totalQuantity,
    discountAmount: optional(wholeNumber(MAX_DISCOUNT_AMOUNT)).meta({
      description: 'Won off; either this or discountRate',
    }),
    discountRate: optional(wholeNumber(100)).meta({ description: 'Percent off; either this or discountAmount' }),
    startsAt: pointInTime,
    expiresAt: pointInTime.meta({ description: 'Later than startsAt and than now' }),
    isActive: withDefault(isActive, true).meta({ description: 'false pauses the coupon; true when left out' }),
    audience: withDefault(oneOf(AUDIENCES), 'registered').meta({
      description: 'registered (the default): the user must exist; anyone: any user id',
    }),
    codeFormat: withDefault(oneOf(CODE_FORMATS), 'none').meta({ description: 'Which code a user coupon carries' }),
    strategy: withDefault(oneOf(STRATEGIES), 'reservation').meta({
      description: 'How slots are decided: reservation (the default) in Redis, lock under the row lock of MySQL',
    }),
    entry: withDefault(entry, OPEN_ENTRY.entry).meta({
      description: 'Who may reserve: open (the default) everyone, ticket who has an entry ticket',
    }),
    entryOpensAt: optional(pointInTime).meta({ description: OPENING }),
    entrySpreadSeconds: withDefault(entrySpreadSeconds, OPEN_ENTRY.entrySpreadSeconds).meta({
      description: 'Over how many seconds after startsAt the holders of tickets come in; 10 when left out',
    }),
    challenge: withDefault(challenge, OPEN_ENTRY.challenge).meta({
      description: 'What must be passed for a ticket: none (the default), or turnstile of Cloudflare',
    }),
    ...usageFields,
    idempotencyKey,
  })
  .refine(({ discountAmount, discountRate }) => (discountAmount === undefined) !== (discountRate === undefined), {
    path: ['discountAmount'],
    error: 'exactly one of discountAmount and discountRate must be given',
  })
  .refine(namesOneUseBy, eitherDaysOrUntil)
  .refine(({ maxDiscountAmount, discountRate }) => maxDiscountAmount === undefined || discountRate !== undefined, {
    path: ['maxDiscountAmount'],
    error: RATE_ERROR,
  })
  .refine(({ usableUntil, expiresAt }) => usableUntil === undefined || usableUntil >= expiresAt, {
    path: ['usableUntil'],
    error: UNTIL_ERROR,
    when: everyFieldIsRight,
  })
  .refine(({ startsAt, expiresAt }) => expiresAt > startsAt, {
    path: ['expiresAt'],
    error: WINDOW_ERROR,
    when: everyFieldIsRight,
  })
  .refine(({ startsAt, entryOpensAt = startsAt }) => entryOpensAt <= startsAt, {
    path: ['entryOpensAt'],
    error: OPENING_ERROR,
    when: everyFieldIsRight,
  })
  .refine(({ expiresAt }) => expiresAt.getTime() > Date.now(), {
    path: ['expiresAt'],
    error: 'must be later than now',
    when: everyFieldIsRight,
  })
  .meta({
    id: 'CreateCouponRequest',
    example: {
      name: 'Black Friday 50%',
      totalQuantity: 1000,
      discountRate: 50,
      startsAt: '2026-11-20T18:00:00+09:00',
      expiresAt: '2036-11-27T18:00:00+09:00',
      codeFormat: 'alphanumeric',
    },
  });

export type CreateCouponBody = z.output<typeof createCouponBody>;

/** The definition of a coupon that does not exist yet. */
export type CouponDraft = Omit<CreateCouponBody, 'idempotencyKey'>;

/** What makes the request this one: all of the body but the key. */
export function draftOf({ idempotencyKey: _key, ...draft }: CreateCouponBody): CouponDraft {
  return draft;
}

/** For those who take it from elsewhere than a body of this API. @throws ValidationFailedError naming the wrong fields */
export function couponDraft(fields: { [Name in keyof z.input<typeof createCouponBody>]: unknown }): CouponDraft {
  const { success, data, error } = createCouponBody.safeParse(fields);
  if (success) return draftOf(data);
  throw refusalOf(error.issues, { type: 'body' });
}

/** The past is allowed for expiresAt, unlike on creation: that is how a promotion is ended early. */
export const changeCouponBody = z
  .strictObject({
    name: optional(name),
    isActive: optional(isActive).meta({ description: 'false pauses claiming; what people hold can be spent' }),
    totalQuantity: optional(totalQuantity).meta({
      description: 'Never below what is issued and reserved, less the slots that were given back',
    }),
    startsAt: optional(pointInTime),
    expiresAt: optional(pointInTime).meta({
      description: 'The end of the claim window, later than startsAt; what people hold is not shortened by it',
    }),
    entry: optional(entry).meta({ description: 'open lets everyone in; a ticket is needed no longer' }),
    entryOpensAt: optional(pointInTime).meta({ description: OPENING }),
    entrySpreadSeconds: optional(entrySpreadSeconds).meta({ description: 'For tickets from now on' }),
    challenge: optional(challenge),
    ...usagePatchFields,
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), {
    error:
      'must have at least one of name, isActive, totalQuantity, startsAt, expiresAt, entry, entryOpensAt, ' +
      'entrySpreadSeconds, challenge, usableDays, usableUntil, isRedeemable, minOrderAmount, maxDiscountAmount, ' +
      'productIds',
  })
  .refine(namesOneUseBy, eitherDaysOrUntil)
  .refine((patch) => patch.applyToIssued !== true || APPLICABLE.some((term) => patch[term] !== undefined), {
    path: ['applyToIssued'],
    error: `must come with one of ${APPLICABLE.join(', ')}`,
  })
  .transform((patch) => withoutUndefined({ ...patch, ...oneUseBy(patch) }))
  .meta({ id: 'ChangeCouponRequest', example: { totalQuantity: 2000, isActive: true } });

/** Whichever of the two is given takes the place of the other. */
function oneUseBy({ usableDays, usableUntil }: { usableDays?: number | null; usableUntil?: Date | null }) {
  if (typeof usableDays === 'number') return { usableUntil: null };
  return usableUntil instanceof Date ? { usableDays: null } : {};
}

/** What is not named is not there at all: merged into the coupon, undefined would overwrite. */
function withoutUndefined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const named = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}

/** What is to change of a coupon's definition; what is not named stays. */
export type CouponPatch = z.output<typeof changeCouponBody>;

/** What of a coupon must fit together. */
interface Window extends CheckedTerms {
  readonly entryOpensAt: Date | null;
  readonly startsAt: Date;
}

/**
 * @param named what the request names
 * @throws ValidationFailedError when the claim window would end before it starts, its tickets be given after that, or
 *   spending end before it
 */
export function assertTerms(coupon: Window, named: object): void {
  const { entryOpensAt, startsAt, expiresAt } = coupon;
  if (expiresAt <= startsAt) throw new ValidationFailedError([{ path: 'expiresAt', message: WINDOW_ERROR }]);
  if (entryOpensAt !== null && entryOpensAt > startsAt) {
    throw new ValidationFailedError([{ path: 'entryOpensAt', message: OPENING_ERROR }]);
  }
  assertUsage(coupon, named);
}

/** The body where the path has the coupon's id. */
export const holderBody = z
  .strictObject({ userId: id, couponId: optional(id).meta({ description: 'When given, the same as in the path' }) })
  .meta({ id: 'ReserveRequest', example: { userId: 1000 } });
export type Holder = z.output<typeof holderBody>;

/** The body of the short forms. */
export const couponAndHolderBody = z
  .strictObject({ couponId: id, userId: id })
  .meta({ id: 'ShortReserveRequest', example: { couponId: 1, userId: 1000 } });
export type CouponAndHolder = z.output<typeof couponAndHolderBody>;

export const ticketQuery = z.strictObject({
  ticket: z.string().optional().meta({ description: 'From POST …/events-ticket, in the place of a header' }),
});

export const couponQuery = z.strictObject({ couponId: idParam });

/** The most that a look-up may wait, in seconds. */
export const MAX_WAIT_S = 30;
const WAIT_ERROR = `must be a whole number of seconds from 0 to ${MAX_WAIT_S}`;

export const waitQuery = z.strictObject({
  wait: z
    .string({ error: WAIT_ERROR })
    .regex(/^\d{1,2}$/, { error: WAIT_ERROR })
    .meta({ type: 'integer', minimum: 0, maximum: MAX_WAIT_S, examples: [10] })
    .transform(Number)
    .refine((seconds) => seconds <= MAX_WAIT_S, { error: WAIT_ERROR })
    .optional()
    .meta({ description: 'For how many seconds at most to wait for the reservation to end; 0 when left out' }),
});
export type WaitQuery = z.output<typeof waitQuery>;

/** The user of a body; @throws ValidationFailedError when it names another coupon than the path. */
export function holderOf(body: Holder, couponId: number): number {
  if (body.couponId !== undefined && body.couponId !== couponId) {
    throw new ValidationFailedError([
      { path: 'couponId', message: `must be left out or be ${couponId}, as in the path` },
    ]);
  }
  return body.userId;
}

/** A page of a list that has the newest first. */
export const pageQuery = z.strictObject({ cursor: cursorQuery(newestPosition), limit: limitQuery });
export type Page = z.output<typeof pageQuery>;

export const couponsQuery = z.strictObject({
  status: oneOf(COUPON_STATUSES).optional().meta({ description: 'Only coupons in this state' }),
  q: visibleText(MAX_NAME_LENGTH, NAME_ERROR)
    .optional()
    .meta({ description: 'Only coupons that have this in their name, in capitals or not' }),
  cursor: cursorQuery(newestPosition),
  limit: limitQuery,
});
export type CouponsQuery = z.output<typeof couponsQuery>;

export const userCouponsQuery = z.strictObject({
  status: oneOf(USER_COUPON_STATUSES).optional().meta({ description: 'Only user coupons in this state' }),
  cursor: cursorQuery(newestPosition),
  limit: limitQuery,
});
export type UserCouponsPage = z.output<typeof userCouponsQuery>;
