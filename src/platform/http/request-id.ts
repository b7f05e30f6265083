import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The header that carries a request's id, in and out. */
export const REQUEST_ID_HEADER = 'x-request-id';

const ACCEPTABLE = /^[\w.-]{1,128}$/;
// Unique among processes by chance and within the process by counting: a tenth of the price of a UUID.
const PREFIX = randomBytes(6).toString('hex');
let count = 0;

/** The id the caller gave in `x-request-id` when it is harmless to log and to echo, else a new one. */
export function requestId(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && ACCEPTABLE.test(given) ? given : `${PREFIX}-${(count += 1).toString(36)}`;
}
