/** The calls around the load: setting up, asking how it ended. What is measured is in answers.ts. */
import http, { type RefinedResponse } from 'k6/http';

const BASE_URL = (__ENV['BASE_URL'] || 'http://127.0.0.1:8080').replace(/\/+$/, '');
const ADMIN_TOKEN = __ENV['ADMIN_TOKEN'] || 'local-admin';
const JSON_HEADERS = { 'content-type': 'application/json' };
const HOUR_MS = 3_600_000;

export type Response = RefinedResponse<'text'>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH';

export interface Audit {
  readonly consistent: boolean;
  readonly database: { readonly rows: number };
  readonly violations: ReadonlyArray<{ readonly code: string; readonly detail: string }>;
}

// A refusal is an expected answer: http_req_failed counts everything else.
http.setResponseCallback(http.expectedStatuses(200, 201, 202, 409));

/** The full address of a path. */
export function address(path: string): string {
  return BASE_URL + path;
}

/** Any call. `name` stands for all paths of the same form: k6 keeps a time series for each. */
export function call(
  method: Method,
  path: string,
  body?: unknown,
  name = path,
  headers: Record<string, string> = {},
): Response {
  return http.request(method, address(path), body === undefined ? null : JSON.stringify(body), {
    headers: { ...JSON_HEADERS, ...headers },
    tags: { name: `${method} ${name}` },
    responseType: 'text',
  });
}

/** A call with the admin token. */
export function adminCall(method: Method, path: string, body?: unknown, name = path): Response {
  return call(method, path, body, name, { authorization: `Bearer ${ADMIN_TOKEN}` });
}

/** The body of an answer; an empty object when it is no JSON (a proxy's error page, no answer at all). */
export function bodyOf(response: Response): unknown {
  // k6 gives null where there was no answer, whatever its types say.
  if (response.status === 0) return {};
  try {
    return JSON.parse(response.body);
  } catch {
    return {};
  }
}

export interface NewCoupon {
  readonly name: string;
  readonly totalQuantity: number;
  readonly audience: 'registered' | 'anyone';
  readonly strategy?: 'reservation' | 'lock';
}

/**
 * A coupon for this run alone, open now and an hour longer than the load of `seconds`. @throws Error where the app
 * refuses, which ends the run before the load.
 */
export function createCoupon(coupon: NewCoupon, seconds = 0): number {
  const now = Date.now();
  const expiresAt = new Date(now + seconds * 1000 + HOUR_MS).toISOString();
  const times = { startsAt: new Date(now - HOUR_MS).toISOString(), expiresAt };
  const response = adminCall('POST', '/api/coupons', { discountAmount: 1000, ...times, ...coupon });
  const { couponId } = bodyOf(response) as { couponId?: number };
  if (response.status !== 201 || couponId === undefined)
    throw new Error(`There is no coupon to test with: ${described(response)}`);
  return couponId;
}

/** @throws Error unless the test users are there, of whom `userId` is one. */
export function requireTestUser(userId: number): void {
  const response = call('GET', `/api/users/${userId}`, undefined, '/api/users/{userId}');
  if (response.status === 200) return;
  throw new Error(
    `Test user ${userId} is missing (${described(response)}). They are there under NODE_ENV=local and test.`,
  );
}

/** Status and beginning of the body, for messages. */
export function described({ status, body, error }: Response): string {
  return status === 0 ? `no answer: ${error}` : `${status} ${body.slice(0, 300)}`;
}
