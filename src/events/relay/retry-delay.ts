const FIRST_MS = 1_000;
const MAX_MS = 3_600_000;
/** By which share a delay is longer at most: subjects that failed together do not all come back at once. */
const JITTER = 0.25;

/** How long to wait after so many failures before this one: a second, then twice as long each time, up to an hour. */
export function retryDelayMs(failures: number): number {
  return Math.min(MAX_MS, FIRST_MS * 2 ** failures * (1 + JITTER * Math.random()));
}
