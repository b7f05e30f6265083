import type { DomainError } from './domain-error.js';
import { MethodNotAllowedError, UnauthenticatedError } from './platform.errors.js';

/** What a refusal says in headers, whatever form its body has. */
export function headersOf(refusal: DomainError): Record<string, string> {
  return {
    ...(refusal.retryAfterSeconds !== undefined && { 'retry-after': String(refusal.retryAfterSeconds) }),
    ...(refusal instanceof MethodNotAllowedError && { allow: refusal.allowed.join(', ') }),
    ...(refusal instanceof UnauthenticatedError && {
      'www-authenticate': refusal.isInvalid ? 'Bearer error="invalid_token"' : 'Bearer',
    }),
  };
}
