import { isNativeError } from 'node:util/types';
import { countEach } from './tally.js';

const ADMIN_TOKEN = 'local-admin';

export type Strategy = 'reservation' | 'lock';

/** An answer of the application. `status` 0 means that the connection broke before there was one. */
export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; of an error, the problem details; empty where it is no JSON. */
  readonly body: T;
  /** The stable code of an error, undefined for a success. */
  readonly error: string | undefined;
}

export interface CouponBody {
  couponId: number;
  name: string;
  totalQuantity: number;
  issuedQuantity: number;
  reservedQuantity: number | null;
  remainingQuantity: number;
  discountAmount: number | null;
  discountRate: number | null;
  isActive: boolean;
  audience: 'registered' | 'anyone';
  codeFormat: 'none' | 'alphanumeric' | 'hangul';
  strategy: Strategy;
  entry: 'open' | 'ticket';
  entryOpensAt: string | null;
  entrySpreadSeconds: number;
  challenge: 'none' | 'turnstile';
  startsAt: string;
  expiresAt: string;
  usableDays: number | null;
  usableUntil: string | null;
  isRedeemable: boolean;
  minOrderAmount: number | null;
  maxDiscountAmount: number | null;
  productIds: number[] | null;
  returnedQuantity: number;
  createdAt: string;
  status: 'PAUSED' | 'SCHEDULED' | 'ENDED' | 'SOLD_OUT' | 'OPEN';
}

export interface EntryTicketBody {
  ticket: string;
  notBefore: string;
  expiresAt: string;
}

export interface ReservationBody {
  couponId: number;
  userId: number;
  sequenceNumber: number;
  status: 'RESERVED' | 'ISSUED' | 'FAILED';
  message?: string;
  userCouponId?: number;
  code?: string | null;
  issuedAt?: string;
  failureReason?: string;
}

export interface IssuedBody {
  userCouponId: number;
  couponId: number;
  couponName: string;
  userId: number;
  sequenceNumber: number;
  code: string | null;
  status: 'ISSUED' | 'RESERVED';
  issuedAt: string;
  expiresAt: string;
}

export interface AuditBody {
  couponId: number;
  consistent: boolean;
  redis: {
    reserved: number;
    users: number;
    pending: number;
    sequence: number;
    epoch: string | number;
    available: number;
  } | null;
  database: { totalQuantity: number; issuedQuantity: number; rows: number; distinctUsers: number };
  violations: Array<{ code: string; detail: string }>;
}

export interface FailureBody {
  failureId: number;
  couponId: number;
  userId: number;
  sequenceNumber: number;
  reason: string;
  detail: string;
  failedAt: string;
  retriedAt: string | null;
}

/** User ids by how it ended for them. */
export interface GrantBody {
  issued: number[];
  alreadyIssued: number[];
  soldOut: number[];
  unknownUsers: number[];
  pending: number[];
}

export interface RevocationBody {
  revoked: number;
  alreadyRevoked: number;
  used: number;
  notIssued: number;
  slotsReturned: number;
  remaining: number;
}

export interface RetriedBody {
  retried: number;
  alreadyIssued: number;
  soldOut: number;
  remaining: number;
}

interface Request {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly isAdmin?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

const HOUR_MS = 3_600_000;

/**
 * The HTTP API as a test calls it. Connections are kept alive and their number is not limited, so a thousand calls at
 * once are a thousand requests at once. Nothing is retried, and a status is never thrown.
 */
export class ApiClient {
  /** `url` is asked anew for each call, so that a client may follow an application that was started again. */
  constructor(private readonly url: string | (() => string)) {}

  /** POST /api/coupons; open now, for anyone, reservation strategy, unless overridden. @throws Error when refused. */
  async createCoupon(overrides: Partial<CouponBody> = {}): Promise<CouponBody> {
    const body = {
      name: 'Test coupon',
      totalQuantity: 100,
      discountAmount: overrides.discountRate === undefined ? 1000 : undefined,
      startsAt: new Date(Date.now() - HOUR_MS).toISOString(),
      expiresAt: new Date(Date.now() + HOUR_MS).toISOString(),
      audience: 'anyone',
      ...overrides,
    };
    const answer = await this.call<CouponBody>('/api/coupons', { method: 'POST', body, isAdmin: true });
    if (answer.status !== 201) {
      // The headers say who answered: the application, or a balancer in front of it.
      const said = JSON.stringify({ status: answer.status, headers: [...answer.headers], body: answer.body });
      throw new Error(`no coupon: ${said}`);
    }
    return answer.body;
  }

  coupon(couponId: number): Promise<Answer<CouponBody>> {
    return this.call(`/api/coupons/${couponId}`);
  }

  patchCoupon(
    couponId: number,
    changes: Partial<CouponBody> & { applyToIssued?: boolean },
  ): Promise<Answer<CouponBody & { appliedToIssued?: number; remainingToApply?: number }>> {
    return this.call(`/api/coupons/${couponId}`, { method: 'PATCH', body: changes, isAdmin: true });
  }

  reserve(couponId: number, userId: number, entryTicket?: string): Promise<Answer<ReservationBody>> {
    const headers: Record<string, string> = entryTicket === undefined ? {} : { 'Entry-Ticket': entryTicket };
    return this.call(`/api/coupons/${couponId}/reserve`, { method: 'POST', body: { userId }, headers });
  }

  entryTicket(couponId: number, userId: number, challengeResponse?: string): Promise<Answer<EntryTicketBody>> {
    const body = { userId, challengeResponse };
    return this.call(`/api/coupons/${couponId}/entry-tickets`, { method: 'POST', body });
  }

  issue(couponId: number, userId: number): Promise<Answer<IssuedBody>> {
    return this.call(`/api/coupons/${couponId}/issue`, { method: 'POST', body: { userId } });
  }

  reservation(couponId: number, userId: number): Promise<Answer<ReservationBody>> {
    return this.call(`/api/coupons/${couponId}/reservations/${userId}`);
  }

  audit(couponId: number): Promise<Answer<AuditBody>> {
    return this.call(`/api/coupons/${couponId}/audit`, { isAdmin: true });
  }

  rebuild(couponId: number): Promise<Answer<AuditBody>> {
    return this.call(`/api/coupons/${couponId}/rebuild`, { method: 'POST', isAdmin: true });
  }

  failures(couponId: number, limit = 100): Promise<Answer<{ failures: FailureBody[]; nextCursor: string | null }>> {
    return this.call(`/api/coupons/${couponId}/failures?limit=${limit}`, { isAdmin: true });
  }

  retry(couponId: number, failureId: number): Promise<Answer<ReservationBody>> {
    return this.call(`/api/coupons/${couponId}/failures/${failureId}/retry`, { method: 'POST', isAdmin: true });
  }

  retryAll(couponId: number): Promise<Answer<RetriedBody>> {
    return this.call(`/api/coupons/${couponId}/failures/retry`, { method: 'POST', isAdmin: true });
  }

  grant(couponId: number, userIds: readonly number[]): Promise<Answer<GrantBody>> {
    return this.call(`/api/coupons/${couponId}/grants`, { method: 'POST', body: { userIds }, isAdmin: true });
  }

  revoke(couponId: number, body: object): Promise<Answer<RevocationBody>> {
    return this.call(`/api/coupons/${couponId}/revocations`, { method: 'POST', body, isAdmin: true });
  }

  /** Any other call. */
  async call<T>(
    path: string,
    { method = 'GET', body, isAdmin = false, headers: given = {} }: Request = {},
  ): Promise<Answer<T>> {
    const base = typeof this.url === 'string' ? this.url : this.url();
    const headers: Record<string, string> = { ...given };
    if (isAdmin) headers['authorization'] = `Bearer ${ADMIN_TOKEN}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    try {
      const response = await fetch(base + path, { method, headers, body: JSON.stringify(body) });
      const text = await response.text();
      // A load balancer says in HTML what it has to say itself.
      const isJson = response.headers.get('content-type')?.includes('json') ?? false;
      const parsed: T & { code?: string } = JSON.parse(isJson ? text : '{}');
      return {
        status: response.status,
        headers: response.headers,
        body: parsed,
        error: response.ok ? undefined : parsed.code,
      };
    } catch (error) {
      // How fetch reports a connection that failed. Not `instanceof`: its errors come from outside of Jest's realm.
      if (!isNativeError(error) || error.name !== 'TypeError') throw error;
      return { status: 0, headers: new Headers(), body: JSON.parse('{}'), error: `no answer (${error.message})` };
    }
  }
}

/** How many of the answers had which status and error code: `{ '200': 10, '409 COUPON_SOLD_OUT': 90 }`. */
export function tally(answers: ReadonlyArray<Answer<unknown>>): Record<string, number> {
  return countEach(answers.map(({ status, error }) => (error === undefined ? String(status) : `${status} ${error}`)));
}
