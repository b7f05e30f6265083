/** A user as the trace of changes names it. */
export function userSubject(userId: number): string {
  return `users/${userId}`;
}
