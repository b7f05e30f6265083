import { LRUCache } from 'lru-cache';
import type { Caller } from '../access/caller.js';

const MAX_TOKENS = 100_000;
/** A token whose key was withdrawn is believed for so long at most. */
const MAX_AGE_MS = 300_000;

interface Remembered {
  readonly caller: Caller;
  readonly until: number;
}

/** Tokens that were verified, by their SHA-256, since what is remembered must not be of use to whoever reads the memory. */
export class RememberedTokens {
  private readonly known = new LRUCache<string, Remembered>({ max: MAX_TOKENS });

  /** @param now in ms since 1970, as `end` */
  find(sha256: string, now: number): Caller | undefined {
    const found = this.known.get(sha256);
    return found !== undefined && now < found.until ? found.caller : undefined;
  }

  /** @param end when the token ends */
  add(sha256: string, caller: Caller, now: number, end: number): void {
    this.known.set(sha256, { caller, until: Math.min(end, now + MAX_AGE_MS) });
  }
}
