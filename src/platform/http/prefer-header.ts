/** Preferences have commas between them, and their values may be quoted. */
const PREFERENCE = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;
const WAIT = /^\s*wait\s*=\s*(?:(\d{1,9})|"(\d{1,9})")\s*(?:;|$)/i;

/**
 * For how many seconds the header `Prefer` asks to wait (RFC 7240); the first one counts. Undefined without one, and for
 * one that cannot be read: a preference is no demand.
 */
export function preferredWait(prefer: string | readonly string[] | undefined): number | undefined {
  for (const preference of String(prefer ?? '').match(PREFERENCE) ?? []) {
    const found = WAIT.exec(preference);
    if (found !== null) return Number(found[1] ?? found[2]);
  }
  return undefined;
}
