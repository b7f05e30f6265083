import { DomainError } from '../errors/domain-error.js';

declare module '../errors/error-codes.js' {
  interface ErrorCodes {
    idempotency: 'IDEMPOTENCY_KEY_REUSED' | 'IDEMPOTENCY_IN_PROGRESS';
  }
}

/** The key was used for another request before. */
export class IdempotencyKeyReusedError extends DomainError {
  constructor(idempotencyKey: string) {
    super(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another request. Choose a new key for a new request.',
      { idempotencyKey },
    );
  }
}

/** The first request with this key has not ended yet. */
export class IdempotencyInProgressError extends DomainError {
  override readonly retryAfterSeconds = 1;

  constructor(idempotencyKey: string) {
    super(
      'IDEMPOTENCY_IN_PROGRESS',
      'The first request with this idempotency key is still running. Try again in a second.',
      { idempotencyKey },
    );
  }
}
