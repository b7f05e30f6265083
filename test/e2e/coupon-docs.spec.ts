import { beforeAll, describe, expect, it } from '@jest/globals';
import { startApp } from '../support/app-process.js';

/** Every coupon call in the OpenAPI document: what it is for, what it takes and answers, and all of its error codes. */

interface Content {
  readonly schema: { readonly example?: unknown; readonly properties?: object };
  readonly examples?: object;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: object[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { readonly content: Record<string, Content>; readonly headers?: object }>;
}

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

const EVERY = 'VALIDATION_FAILED INTERNAL_ERROR DATABASE_UNAVAILABLE';
const BODY = 'MALFORMED_JSON BODY_TOO_LARGE UNSUPPORTED_MEDIA_TYPE';
const ADMIN = 'UNAUTHENTICATED';
const WINDOW = 'COUPON_INACTIVE COUPON_NOT_STARTED COUPON_EXPIRED';
const RESERVE = `COUPON_NOT_FOUND USER_NOT_FOUND ${WINDOW} ALREADY_ISSUED COUPON_SOLD_OUT RESERVATION_UNAVAILABLE`;

const COUPON = '/api/coupons/{couponId}';

/** The call, its successes, its errors besides those of every call. */
const CALLS: Array<[string, string, string]> = [
  ['post /api/coupons', '201', `${BODY} ${ADMIN}`],
  ['get /api/coupons', '200', ''],
  [`get ${COUPON}`, '200', 'COUPON_NOT_FOUND'],
  [`patch ${COUPON}`, '200', `${BODY} ${ADMIN} COUPON_NOT_FOUND QUANTITY_BELOW_COMMITTED RESERVATION_UNAVAILABLE`],
  [`post ${COUPON}/reserve`, '200', `${BODY} ${RESERVE}`],
  ['post /api/coupons/reserve', '200', `${BODY} ${RESERVE}`],
  ['post /coupons/{userId}/issue-async', '202', RESERVE],
  [`post ${COUPON}/issue`, '200 202', `${BODY} ${RESERVE} ISSUANCE_FAILED`],
  ['post /api/coupons/issue', '200 202', `${BODY} ${RESERVE} ISSUANCE_FAILED`],
  [`get ${COUPON}/reservations/{userId}`, '200', 'COUPON_NOT_FOUND RESERVATION_NOT_FOUND RESERVATION_UNAVAILABLE'],
  ['get /api/users/{userId}/coupons', '200', ''],
  [`get ${COUPON}/audit`, '200', `${ADMIN} COUPON_NOT_FOUND`],
  [`post ${COUPON}/rebuild`, '200', `${ADMIN} COUPON_NOT_FOUND COUPON_EXPIRED RESERVATION_UNAVAILABLE`],
  [`get ${COUPON}/failures`, '200', `${ADMIN} COUPON_NOT_FOUND`],
  [
    `post ${COUPON}/failures/{failureId}/retry`,
    '200',
    `${ADMIN} COUPON_NOT_FOUND FAILURE_NOT_FOUND ALREADY_ISSUED COUPON_SOLD_OUT RESERVATION_UNAVAILABLE`,
  ],
];

let paths: Record<string, Record<string, Operation>>;

beforeAll(async () => {
  const app = await startApp();
  const response = await fetch(`${app.url}/docs-json`);
  const document: { paths: typeof paths } = JSON.parse(await response.text());
  paths = document.paths;
});

describe('the OpenAPI document', () => {
  it.each(CALLS)('describes %s', (call, statuses, codes) => {
    const [method = '', path = ''] = words(call);
    const operation = paths[path]?.[method];
    expect(operation?.summary).toMatch(/\w/);
    expect(operation?.description).toMatch(/\w/);
    expect(operation?.security).toEqual(codes.includes(ADMIN) ? [{ bearer: [] }] : undefined);
    expect(Object.keys(operation?.requestBody?.content ?? {})).toEqual(codes.includes(BODY) ? ['application/json'] : []);
    for (const { schema } of Object.values(operation?.requestBody?.content ?? {})) expect(schema.example).toBeDefined();

    const responses = Object.entries(operation?.responses ?? {});
    const answers = responses.filter(([status]) => Number(status) < 400);
    expect(answers.map(([status]) => status)).toEqual(words(statuses));
    for (const [, { content }] of answers) {
      const { schema } = content['application/json'] ?? { schema: {} };
      expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(Object(schema.example))));
      expect(schema.example).toBeDefined();
    }
    const documented = responses.flatMap(([, { content }]) => Object.keys(content['application/problem+json']?.examples ?? {}));
    expect(documented.sort()).toEqual(words(`${EVERY} ${codes}`).sort());
  });
});
