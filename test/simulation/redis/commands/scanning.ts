import { parseInteger } from '../numbers.js';
import { NotSimulatedError, RedisReplyError, syntaxError, type Reply } from '../replies.js';

const DEFAULT_COUNT = 10;
const ANYTHING = /^/;

/** What SCAN and SSCAN take after the cursor. */
export interface ScanOptions {
  readonly count: number;
  readonly pattern: RegExp;
}

/** @throws RedisReplyError */
export function parseCursor(text: string): number {
  if (!/^\d+$/.test(text)) throw new RedisReplyError('ERR invalid cursor');
  return Number(text);
}

/** @throws RedisReplyError, NotSimulatedError */
export function parseScanOptions(words: readonly string[]): ScanOptions {
  let count = DEFAULT_COUNT;
  let pattern = ANYTHING;
  for (let index = 0; index < words.length; index += 2) {
    const option = (words[index] as string).toUpperCase();
    const value = words[index + 1];
    if (value === undefined) throw syntaxError();
    if (option === 'COUNT') {
      count = parseInteger(value);
      if (count < 1) throw syntaxError();
    } else if (option === 'MATCH') {
      pattern = expressionOf(value);
    } else {
      throw new NotSimulatedError(`SCAN with ${option}`);
    }
  }
  return { count, pattern };
}

/**
 * One page of the elements: in the order of their hashes, of which the cursor is one. So an element that is there from
 * the first page to the last is found whatever else comes and goes, which is all that Redis promises as well.
 */
export function page(elements: readonly string[], cursor: number, { count, pattern }: ScanOptions): Reply {
  const ahead = elements
    .map((element) => ({ element, hash: hashOf(element) }))
    .filter(({ hash }) => hash >= cursor)
    .sort((a, b) => a.hash - b.hash);
  let end = Math.min(count, ahead.length);
  // Elements with the same hash must come in the same page.
  while (end > 0 && end < ahead.length && ahead[end]?.hash === ahead[end - 1]?.hash) end += 1;
  const found = ahead.slice(0, end).map(({ element }) => element);
  return [String(ahead[end]?.hash ?? 0), found.filter((element) => pattern.test(element))];
}

/** FNV-1a, less one bit; above 0, which as a cursor means the beginning. */
function hashOf(element: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < element.length; index += 1) {
    hash = Math.imul(hash ^ element.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 1) + 1;
}

/** Of a pattern with `*` and `?`; braces mean themselves there. */
function expressionOf(pattern: string): RegExp {
  if (/[[\\]/.test(pattern)) throw new NotSimulatedError(`the pattern ${pattern}`);
  const literal = pattern.replace(/[{}()+.^$|\]]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
