import type { User } from '../user/index.js';

/** The test user of the ranking and payment scenarios, who can afford all of them. */
const DEFAULT_USER_BALANCE = 20_000_000_000;
const BALANCE = 10_000;

/** Consecutive user ids, both ends included; the scenarios in k6/ are written against these very numbers. */
export interface UserRange {
  readonly first: number;
  readonly last: number;
  readonly nameOf: (userId: number) => string;
  /** In won. */
  readonly balance: number;
}

export const USER_RANGES: readonly UserRange[] = [
  { first: 1, last: 1, nameOf: () => 'K6Test-Default', balance: DEFAULT_USER_BALANCE },
  { first: 1_000, last: 10_999, nameOf: (userId) => `K6Test-Extreme-${userId}`, balance: BALANCE },
  { first: 200_000, last: 200_099, nameOf: (userId) => `K6Test-Seq-${userId}`, balance: BALANCE },
  { first: 300_000, last: 309_999, nameOf: (userId) => `K6Test-Ramp-${userId}`, balance: BALANCE },
];

export function usersOf({ first, last, nameOf, balance }: UserRange, createdAt: Date): User[] {
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const id = first + index;
    return { id, name: nameOf(id), email: `k6test${id}@loadtest.com`, balance, createdAt };
  });
}
