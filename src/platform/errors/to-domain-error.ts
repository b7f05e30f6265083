import { HttpException } from '@nestjs/common';
import { isNativeError } from 'node:util/types';
import { isDatabaseUnavailable, isLockConflict } from '../database/database-errors.js';
import { DomainError } from './domain-error.js';
import {
  BodyTooLargeError,
  ClientClosedRequestError,
  DatabaseUnavailableError,
  InternalError,
  MalformedJsonError,
  RouteNotFoundError,
  UnauthenticatedError,
  UnsupportedMediaTypeError,
  ValidationFailedError,
  type ValidationIssue,
} from './platform.errors.js';

interface RequestLine {
  readonly id: string;
  readonly method: string;
  readonly url: string;
}

/** What a thrown value means to the caller; what we do not know is an {@link InternalError}. */
export function toDomainError(error: unknown, request: RequestLine): DomainError {
  if (error instanceof DomainError) return error;
  if (isAbort(error)) return new ClientClosedRequestError();
  const status = statusOf(error);
  if (status !== undefined && status < 500) return refusalOfFramework(frameworkCodeOf(error), status, request);
  // A conflict that outlasted every retry: the same call may succeed later.
  if (isDatabaseUnavailable(error) || isLockConflict(error)) return new DatabaseUnavailableError({ cause: error });
  return new InternalError(request.id);
}

/** The path of a request, without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** What Fastify's errors say is wrong with a request, by their code: fastify/lib/errors.js. */
const FASTIFY_ISSUES: Readonly<Partial<Record<string, ValidationIssue>>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: { path: 'body', message: 'is required' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { path: 'body', message: 'is not as long as Content-Length says' },
  FST_ERR_BAD_URL: { path: 'url', message: 'is not a valid URL' },
  FST_ERR_MAX_PARAM_LENGTH: { path: 'url', message: 'has a part that is too long' },
};

/** Of Nest's own exceptions only the status says what they mean. */
function refusalOfFramework(code: string | undefined, status: number, request: RequestLine): DomainError {
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return new MalformedJsonError();
  const issue = FASTIFY_ISSUES[code ?? ''];
  if (issue !== undefined) return new ValidationFailedError([issue]);
  switch (status) {
    case 401:
      return new UnauthenticatedError();
    case 404:
      return new RouteNotFoundError(request.method, pathOf(request.url));
    case 413:
      return new BodyTooLargeError();
    case 415:
      return new UnsupportedMediaTypeError();
    default:
      return new ValidationFailedError([{ path: 'request', message: 'was refused' }]);
  }
}

/** What Node gives to a request whose connection is closed before it has arrived (abortIncoming in _http_server.js). */
function isAbort(error: unknown): boolean {
  const original = error instanceof HttpException ? error.cause : error;
  // Not instanceof: Node's own errors come from another realm where the tests run.
  return (
    isNativeError(original) && 'code' in original && original.code === 'ECONNRESET' && original.message === 'aborted'
  );
}

/** Nest wraps Fastify's errors below 500 into an HttpException and keeps the original as its cause. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  return isFrameworkError(error) ? error.statusCode : undefined;
}

function frameworkCodeOf(error: unknown): string | undefined {
  const original = error instanceof HttpException ? error.cause : error;
  return isFrameworkError(original) ? original.code : undefined;
}

function isFrameworkError(error: unknown): error is { code: string; statusCode: number } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('FST_') &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
  );
}
