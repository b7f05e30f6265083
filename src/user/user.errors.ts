import { DomainError } from '../platform/errors/domain-error.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    user: 'USER_NOT_FOUND' | 'INSUFFICIENT_BALANCE';
  }
}

/** No user has this id. */
export class UserNotFoundError extends DomainError {
  constructor(userId: number) {
    super('USER_NOT_FOUND', `There is no user ${userId}. Ask with the id of a registered user.`, { userId });
  }
}

/** The balance is below what is to be paid. */
export class InsufficientBalanceError extends DomainError {
  constructor(userId: number, amount: number) {
    super('INSUFFICIENT_BALANCE', `The balance of user ${userId} is below ${amount} won. Charge it and pay again.`, {
      userId,
      totalAmount: amount,
    });
  }
}
