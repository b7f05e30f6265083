import { DomainError } from './domain-error.js';

/** One thing that is wrong with a request: where (`items.0.quantity`, `body`, a path or query parameter) and what. */
export interface ValidationIssue {
  readonly path: string;
  readonly message: string;
}

/** The request is understood, but a value in it is not allowed. */
export class ValidationFailedError extends DomainError {
  constructor(readonly issues: readonly ValidationIssue[]) {
    const detail = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
    super('VALIDATION_FAILED', detail, { errors: issues });
  }
}

/** The body says it is JSON and is not, or is not UTF-8, or has half a surrogate pair, which no text can hold. */
export class MalformedJsonError extends DomainError {
  constructor(readonly problem = 'is not valid JSON') {
    super('MALFORMED_JSON', `The body ${problem}.`);
  }
}

/** What arrived is no request of HTTP/1.1. */
export class BadRequestError extends DomainError {
  constructor(problem: string) {
    super('BAD_REQUEST', `The request ${problem}.`);
  }
}

/** The request did not arrive in full within `http.headersTimeoutMs` and `http.requestTimeoutMs`. */
export class RequestTimeoutError extends DomainError {
  constructor() {
    super('REQUEST_TIMEOUT', 'The request did not arrive in time.');
  }
}

/** The head of the request is longer than Node takes: 16 KiB. */
export class HeadersTooLargeError extends DomainError {
  constructor() {
    super('HEADERS_TOO_LARGE', 'The head of the request is larger than this server accepts.');
  }
}

/** `Expect` asks for something else than 100-continue. */
export class ExpectationFailedError extends DomainError {
  constructor() {
    super('EXPECTATION_FAILED', 'The header "Expect" may only be "100-continue".');
  }
}

/** The client hung up before its request had arrived in full; hardly anybody is there to hear it. */
export class ClientClosedRequestError extends DomainError {
  constructor() {
    super('CLIENT_CLOSED_REQUEST', 'The connection ended in the middle of the request.');
  }
}

/** The call needs a credential, and has none, or one that is not valid; nothing is said of what is wrong with it. */
export class UnauthenticatedError extends DomainError {
  readonly isInvalid: boolean;

  /** @param isInvalid a credential was given */
  constructor({ isInvalid = false } = {}) {
    const problem = isInvalid
      ? 'The credential in the header "Authorization" is not valid.'
      : 'This call needs the header "Authorization: Bearer <credential>".';
    super('UNAUTHENTICATED', problem);
    this.isInvalid = isInvalid;
  }
}

/** It is known who asks, and that one may not do this. */
export class ForbiddenError extends DomainError {
  constructor(message: string) {
    super('FORBIDDEN', message);
  }
}

/** Who asks cannot be found out: the key of the token is not known, and the key server cannot be asked for it. */
export class IdentityUnavailableError extends DomainError {
  override readonly retryAfterSeconds = 5;

  constructor(options?: ErrorOptions) {
    const message = 'The token cannot be verified at the moment. Try again in a few seconds.';
    super('IDENTITY_UNAVAILABLE', message, {}, options);
  }
}

/** Nothing is served under this method and path. */
export class RouteNotFoundError extends DomainError {
  /** @param hasDocs whether the caller can read at /docs what there is */
  constructor(method: string, path: string, { hasDocs = true } = {}) {
    super('ROUTE_NOT_FOUND', `There is no ${method} ${path}.${hasDocs ? ' GET /docs shows what there is.' : ''}`);
  }
}

/** The path is served under other methods only. */
export class MethodNotAllowedError extends DomainError {
  constructor(
    method: string,
    path: string,
    /** Becomes the header `Allow`. */
    readonly allowed: readonly string[],
  ) {
    super('METHOD_NOT_ALLOWED', `There is no ${method} ${path}, only ${allowed.join(', ')}.`);
  }
}

/** The body is longer than `http.bodyLimitBytes`. */
export class BodyTooLargeError extends DomainError {
  constructor() {
    super('BODY_TOO_LARGE', 'The body is larger than this server accepts.');
  }
}

/** The body is something else than JSON in UTF-8, or what the call takes instead. */
export class UnsupportedMediaTypeError extends DomainError {
  constructor(howToSend = 'Send the body as JSON in UTF-8, with the header "Content-Type: application/json".') {
    super('UNSUPPORTED_MEDIA_TYPE', howToSend);
  }
}

/** The database can't be reached or can't serve for now. */
export class DatabaseUnavailableError extends DomainError {
  override readonly retryAfterSeconds = 1;

  constructor(options?: ErrorOptions) {
    super('DATABASE_UNAVAILABLE', 'The database cannot be reached at the moment. Try again in a second.', {}, options);
  }
}

/** Something failed that should not have; the log has the rest under the request id. */
export class InternalError extends DomainError {
  constructor(requestId: string) {
    super('INTERNAL_ERROR', 'Something went wrong on our side. Quote the request id when you report it.', {
      requestId,
    });
  }
}
