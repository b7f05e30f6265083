/** At most so much later than needed, of the time that is left. */
const MAX_JITTER = 0.25;

/** For how many seconds to wait, so that those who were refused at one moment do not come back at one moment. */
export function retryAfterSeconds(leftMs: number, random = Math.random()): number {
  return Math.max(1, Math.ceil((leftMs / 1000) * (1 + random * MAX_JITTER)));
}
