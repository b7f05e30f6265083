import { ApiClient } from './api-client.js';
import { CampaignClient, WAYS } from './campaign-client.js';

/** Asks for a slot with this ticket; `in`, or the code of the refusal, and in how many seconds to ask again. */
type Ask = (couponId: number, userId: number, ticket: string | undefined) => Promise<Entered>;

interface Entered {
  readonly outcome: string;
  readonly retryAfter: number | undefined;
}

const holder = (_couponId: number, userId: number) => ({ userId });
const both = (couponId: number, userId: number) => ({ couponId, userId });

/** Every way to reserve, by its name: the calls of the REST API, and IssueCoupon in each protocol. */
export function waysToEnter(url: string): Array<[name: string, ask: Ask]> {
  const api = new ApiClient(url);
  const byPath = (path: (couponId: number, userId: number) => string, body?: typeof holder | typeof both): Ask => {
    return async (couponId, userId, ticket) => {
      const headers: Record<string, string> = ticket === undefined ? {} : { 'Entry-Ticket': ticket };
      const request = { method: 'POST' as const, headers, body: body?.(couponId, userId) };
      const answer = await api.call(path(couponId, userId), request);
      return entered(answer.error ?? 'in', answer.headers);
    };
  };
  const rpc = WAYS.map((way): [string, Ask] => {
    const client = new CampaignClient(url, way);
    return [
      `IssueCoupon, ${way}`,
      async (couponId, userId, ticket) => {
        const { outcome, metadata } = await client.issue(couponId, userId, ticket);
        return entered(outcome === 'OK' ? 'in' : outcome.replace('permission_denied ', ''), metadata);
      },
    ];
  });
  return [
    ['reserve', byPath((couponId) => `/api/coupons/${couponId}/reserve`, holder)],
    ['reserve, short form', byPath(() => '/api/coupons/reserve', both)],
    ['issue', byPath((couponId) => `/api/coupons/${couponId}/issue`, holder)],
    ['issue, short form', byPath(() => '/api/coupons/issue', both)],
    ['issue-async', byPath((couponId, userId) => `/coupons/${userId}/issue-async?couponId=${couponId}`)],
    ...rpc,
  ];
}

function entered(outcome: string, headers: Headers): Entered {
  const retryAfter = headers.get('retry-after');
  return { outcome, retryAfter: retryAfter === null ? undefined : Number(retryAfter) };
}
