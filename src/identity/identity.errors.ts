import { DomainError } from '../platform/errors/domain-error.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    identity: 'RATE_LIMITED';
  }
}

/** The caller has asked too often of late. */
export class RateLimitedError extends DomainError {
  constructor(
    message: string,
    override readonly retryAfterSeconds: number,
  ) {
    super('RATE_LIMITED', message);
  }
}
