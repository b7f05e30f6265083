/** A promise that was broken, or something that must not be in any history. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(
    /** Which check has found it: stays the same while a history is shrunk. */
    readonly check: string,
    detail: string,
  ) {
    super(`${check}: ${detail}`);
  }
}
