import { DomainError } from '../platform/errors/domain-error.js';

/** No user has this id. */
export class UserNotFoundError extends DomainError {
  readonly code = 'USER_NOT_FOUND';

  constructor(userId: number) {
    super(`There is no user ${userId}. Ask with the id of a registered user.`, { userId });
  }
}
