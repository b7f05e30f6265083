import { DomainError } from './domain-error.js';

/** One thing that is wrong with a request: where (`items.0.quantity`, `body`, a path or query parameter) and what. */
export interface ValidationIssue {
  readonly path: string;
  readonly message: string;
}

/** The request is understood, but a value in it is not allowed. */
export class ValidationFailedError extends DomainError {
  constructor(errors: readonly ValidationIssue[]) {
    super('VALIDATION_FAILED', errors.map(({ path, message }) => `${path}: ${message}`).join('; '), { errors });
  }
}

/** The body says it is JSON and is not. */
export class MalformedJsonError extends DomainError {
  constructor() {
    super('MALFORMED_JSON', 'The body is not valid JSON.');
  }
}

/** No admin token, or a wrong one. */
export class UnauthenticatedError extends DomainError {
  constructor() {
    super('UNAUTHENTICATED', 'This call needs the header "Authorization: Bearer <ADMIN_TOKEN>".');
  }
}

/** Nothing is served under this method and path. */
export class RouteNotFoundError extends DomainError {
  constructor(method: string, path: string) {
    super('ROUTE_NOT_FOUND', `There is no ${method} ${path}. GET /docs shows what there is.`);
  }
}

/** The body is longer than `http.bodyLimitBytes`. */
export class BodyTooLargeError extends DomainError {
  constructor() {
    super('BODY_TOO_LARGE', 'The body is larger than this server accepts.');
  }
}

/** The body is something else than JSON. */
export class UnsupportedMediaTypeError extends DomainError {
  constructor() {
    super('UNSUPPORTED_MEDIA_TYPE', 'Send the body as JSON, with the header "Content-Type: application/json".');
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
