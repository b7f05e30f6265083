import { ApiExtension } from '@nestjs/swagger';
import type { ErrorCode } from '../errors/error-codes.js';

/** Where the codes wait in the document until {@link describeProblems} turns them into responses. */
export const PROBLEMS_EXTENSION = 'x-problems';

/**
 * Says which error codes a call answers with. Those that follow from its shape need not be named: INTERNAL_ERROR of
 * every call, VALIDATION_FAILED of one with parameters, the codes about the body of one with a body, those about the
 * idempotency key of one with its header, and those about the credential of one that needs one.
 */
export function Problems(...codes: readonly ErrorCode[]): MethodDecorator {
  return ApiExtension(PROBLEMS_EXTENSION, codes);
}
