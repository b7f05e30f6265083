import { beforeAll, describe, it } from '@jest/globals';
import { ADMIN, BODY, type DescribedCall, OpenApiDocument } from '../support/openapi-document.js';

/** Every call about webhooks in the OpenAPI document. */

const CALLS: DescribedCall[] = [
  ['post /api/webhooks', '201', `${BODY} ${ADMIN}`],
  ['get /api/webhooks', '200', ADMIN],
  ['get /api/webhooks/{webhookId}', '200', `${ADMIN} WEBHOOK_NOT_FOUND`],
  ['patch /api/webhooks/{webhookId}', '200', `${BODY} ${ADMIN} WEBHOOK_NOT_FOUND`],
  ['delete /api/webhooks/{webhookId}', '204', `${ADMIN} WEBHOOK_NOT_FOUND`],
  ['post /api/webhooks/{webhookId}/rotate-secret', '200', `${ADMIN} WEBHOOK_NOT_FOUND`],
  ['post /api/webhooks/{webhookId}/test', '200', `${ADMIN} WEBHOOK_NOT_FOUND`],
  ['get /api/webhooks/{webhookId}/deliveries', '200', `${ADMIN} WEBHOOK_NOT_FOUND`],
  [
    'post /api/webhooks/{webhookId}/deliveries/{deliveryId}/replay',
    '202',
    `${ADMIN} WEBHOOK_NOT_FOUND DELIVERY_NOT_FOUND`,
  ],
];

let document: OpenApiDocument;

beforeAll(async () => {
  document = await OpenApiDocument.fetch();
});

describe('the OpenAPI document', () => {
  it.each(CALLS)('describes %s', (call, statuses, codes) => {
    document.expectDescribed(call, statuses, codes);
  });
});
