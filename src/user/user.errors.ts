import { DomainError } from '../platform/errors/domain-error.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    user: 'USER_NOT_FOUND' | 'INSUFFICIENT_BALANCE' | 'BALANCE_FULL';
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

/** With what is given back the balance would be more than can be counted. */
export class BalanceFullError extends DomainError {
  constructor(userId: number, amount: number, maxBalance: number) {
    super(
      'BALANCE_FULL',
      `With ${amount} won more the balance of user ${userId} would be above ${maxBalance} won. Spend some of it and try again.`,
      { userId, amount, maxBalance },
    );
  }
}
