import { DomainError } from '../errors/domain-error.js';

/** There are more lines than one import may have; those before are written. */
export class ImportTooLongError extends DomainError {
  constructor(maxLines: number, line: number) {
    super(
      'BODY_TOO_LARGE',
      `An import has at most ${maxLines} lines. Those before line ${line} are imported: send the rest in another one.`,
      { line },
    );
  }
}
