import { describe, expect, it } from '@jest/globals';
import { DomainError } from './domain-error.js';
import type { ErrorCode } from './error-codes.js';

class TeapotError extends DomainError {
  constructor(message: string, data?: Record<string, unknown>, options?: ErrorOptions) {
    super('TEAPOT' as ErrorCode, message, data, options);
  }
}

describe('DomainError', () => {
  it('carries a message, data and its cause, and no stack trace', () => {
    const cause = new Error('cause');
    const error = new TeapotError('short and stout', { spouts: 1 }, { cause });

    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe('short and stout');
    expect(error.data).toEqual({ spouts: 1 });
    expect(error.cause).toBe(cause);
    expect(error.stack).not.toContain('    at ');
  });

  it('leaves the stack traces of other errors as they are', () => {
    expect(new TeapotError('first').retryAfterSeconds).toBeUndefined();
    expect(new Error('second').stack).toContain('    at ');
  });
});
