import { DomainError } from '../platform/errors/domain-error.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    user: 'USER_NOT_FOUND';
  }
}

/** No user has this id. */
export class UserNotFoundError extends DomainError {
  readonly code = 'USER_NOT_FOUND';

  constructor(userId: number) {
    super(`There is no user ${userId}. Ask with the id of a registered user.`, { userId });
  }
}
