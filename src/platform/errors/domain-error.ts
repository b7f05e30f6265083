import type { ErrorCode } from './error-codes.js';

/**
 * A refusal that callers are told about: a stable `code`, a sentence about what is wrong and what to do next, and
 * `data` for those who would otherwise parse the sentence. It knows no HTTP; the problem filter does.
 *
 * It carries no stack trace. Refusals are expected and frequent (under load most answers may be one), nobody reads
 * where "sold out" was thrown, and collecting the frames is more than half of the price of throwing: measured at a
 * call depth of 15, 4.0 µs with a stack trace, 2.1 µs without.
 */
export abstract class DomainError extends Error {
  /** Seconds after which the caller may try again; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Further members of the problem document. */
    readonly data: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    // Assigning `stack` afterwards would not save anything: the frames are collected inside Error's constructor.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
  }
}
