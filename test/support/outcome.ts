import { DomainError } from '../../src/platform/errors/domain-error.js';

/**
 * How an attempt ended: what `ofSuccess` says of its result, the code of the refusal, or the text of any other error.
 * Never rejects.
 */
export async function outcomeOf<T>(
  attempt: Promise<T>,
  ofSuccess: (result: T) => string = () => 'OK',
): Promise<string> {
  try {
    return ofSuccess(await attempt);
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
}
