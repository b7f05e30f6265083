/** Who may ask for a slot: everyone, or who has an entry ticket. */
export const ENTRIES = ['open', 'ticket'] as const;
/** What must be shown to get an entry ticket: nothing, or that Cloudflare Turnstile has been passed. */
export const CHALLENGES = ['none', 'turnstile'] as const;
export const MAX_ENTRY_SPREAD_SECONDS = 600;

export type Entry = (typeof ENTRIES)[number];
export type Challenge = (typeof CHALLENGES)[number];

/** How a coupon is entered. */
export interface EntryTerms {
  readonly entry: Entry;
  /** From when on tickets are given; null: {@link LEAD_MS} before the start, wherever that is moved to. */
  readonly entryOpensAt: Date | null;
  /** Over how long after the start the holders of tickets come in, each at a moment of their own. */
  readonly entrySpreadSeconds: number;
  readonly challenge: Challenge;
}

/** What holds when nobody says otherwise, and what a coupon from before there were tickets has. */
export const OPEN_ENTRY = {
  entry: 'open',
  entryOpensAt: null,
  entrySpreadSeconds: 10,
  challenge: 'none',
} as const satisfies EntryTerms;

const LEAD_MS = 600_000;

/** From when on tickets are given, in ms since 1970, as the two times of the coupon. */
export function entryOpensAtOf(startsAt: number, entryOpensAt: number | null): number {
  return entryOpensAt ?? startsAt - LEAD_MS;
}
