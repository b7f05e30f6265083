import { Injectable } from '@nestjs/common';
import type { User } from './user.entity.js';
import { UserNotFoundError } from './user.errors.js';
import { UserRepository } from './user.repository.js';

/** A user as the API shows them. */
export interface UserView {
  readonly userId: number;
  readonly name: string;
  readonly email: string | null;
  readonly createdAt: Date;
}

/** Shows who is registered. */
@Injectable()
export class UserService {
  constructor(private readonly users: UserRepository) {}

  /** @throws UserNotFoundError */
  async get(userId: number): Promise<UserView> {
    const user = await this.users.find(userId);
    if (user === null) throw new UserNotFoundError(userId);
    return userView(user);
  }
}

export function userView({ id, name, email, createdAt }: User): UserView {
  return { userId: id, name, email, createdAt };
}
