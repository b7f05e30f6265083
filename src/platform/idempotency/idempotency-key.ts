import { ApiHeader } from '@nestjs/swagger';
import { isUtf8 } from 'node:buffer';
import { ValidationFailedError } from '../errors/platform.errors.js';
import { optional, visibleText } from '../http/schemas.js';

/** The header that may carry the key; the other place is the field `idempotencyKey` of the body. */
export const IDEMPOTENCY_KEY_HEADER = 'Idempotency-Key';

/** Documents the header of a call. */
export const ApiIdempotencyKey = () =>
  ApiHeader({
    name: IDEMPOTENCY_KEY_HEADER,
    required: false,
    description:
      'The same as idempotencyKey in the body, in quotes or without; where both are given they must be equal. ' +
      'A key is known for at least 7 days; that of another user, or in another call of the API, is another key',
    schema: { type: 'string', minLength: 1, maxLength: MAX_LENGTH + QUOTES, pattern: HEADER_PATTERN },
  });

/** The width of the column, counted in characters as it does. */
const MAX_LENGTH = 255;
/** Those around a key that comes quoted. */
const QUOTES = 2;
/** Something to see, and nothing that HTTP would not have in a header. */
const HEADER_PATTERN = String.raw`^(?=.*\S)[^\u0000-\u001F\u007F]+$`;
const KEY_ERROR = `must be text of 1 to ${MAX_LENGTH} printable characters besides spaces at the ends, some of them visible`;

// Trimmed, as HTTP does it with a header; the column, too, would take "a" and "a " for one.
const key = visibleText(MAX_LENGTH, KEY_ERROR, /\p{C}/u);

/** As the draft of the IETF has the header: a string of RFC 8941. https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
const QUOTED = /^"(?:[^"\\]|\\["\\])*"$/;

/** `idempotencyKey` of a body. */
export const idempotencyKey = optional(key).meta({
  description: 'Makes the request safe to repeat: the same key with the same request answers as it did the first time',
});

/**
 * The key of a request, undefined when it has none.
 *
 * @param header value of {@link IDEMPOTENCY_KEY_HEADER}
 * @throws ValidationFailedError when the header is not a key, or another one than in the body
 */
export function idempotencyKeyOf(
  body: { idempotencyKey?: string | undefined },
  header: string | undefined,
): string | undefined {
  if (header === undefined) return body.idempotencyKey;
  // Node reads each byte of a header as a character of Latin-1; clients send UTF-8, as in the body.
  const bytes = Buffer.from(header, 'latin1');
  const fromHeader = key.safeParse(isUtf8(bytes) ? unquoted(bytes.toString()) : undefined);
  if (!fromHeader.success) throw new ValidationFailedError([{ path: IDEMPOTENCY_KEY_HEADER, message: KEY_ERROR }]);
  if (body.idempotencyKey !== undefined && body.idempotencyKey !== fromHeader.data) {
    throw new ValidationFailedError([
      { path: 'idempotencyKey', message: `must be left out or be the same as the header ${IDEMPOTENCY_KEY_HEADER}` },
    ]);
  }
  return fromHeader.data;
}

function unquoted(text: string): string {
  return QUOTED.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text;
}
