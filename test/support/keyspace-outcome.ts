import { inWords, type Operation } from './redis-operations.js';

/** What came back of one operation: a reply, or the text of an error. */
export type Answer = { readonly reply: unknown } | { readonly error: string };

/** What stands at a key. */
export interface KeyContents {
  readonly type: string;
  readonly value: unknown;
  /** Null without a TTL. */
  readonly ttlMs: number | null;
}

/** What a sequence of operations has led to; the answers one for each operation. */
export interface Outcome {
  readonly answers: readonly Answer[];
  readonly contents: ReadonlyMap<string, KeyContents>;
}

/** TTLs are compared in these units, so that it does not matter when they are asked. */
const TTL_UNIT_MS = 600_000;
/** From here on they are all one. */
const LONG_TTL_MS = 1e12;
/** No number of ours is as great but a time in ms, or how long ago it is: both have gone on when they are compared. */
const LEAST_TIME_MS = 1e12;
const TIME_REPLIES: ReadonlySet<string> = new Set(['beginReconcile', 'topProducts', 'productRank', 'sinceReconcile']);
const HASH_REPLIES: ReadonlySet<string> = new Set(['HGETALL', 'readDefinition']);
const SCAN_REPLIES: ReadonlySet<string> = new Set(['SCAN', 'SSCAN']);

/** In words, the first thing in which two outcomes of these operations differ; undefined when they are the same. */
export function firstDifference(
  operations: readonly Operation[],
  real: Outcome,
  simulated: Outcome,
): string | undefined {
  for (const [index, operation] of operations.entries()) {
    const texts = [real, simulated].map(({ answers }) => textOf(operation, answers[index]));
    if (texts[0] !== texts[1]) {
      return `operation ${index}, ${inWords(operation)}\n  Redis:     ${texts[0]}\n  simulated: ${texts[1]}`;
    }
  }
  for (const key of new Set([...real.contents.keys(), ...simulated.contents.keys()])) {
    const texts = [real, simulated].map(({ contents }) => textOfContents(contents.get(key)));
    if (texts[0] !== texts[1]) return `at the end ${key}\n  Redis:     ${texts[0]}\n  simulated: ${texts[1]}`;
  }
  return undefined;
}

function textOf(operation: Operation, answer: Answer | undefined): string {
  if (answer === undefined || 'error' in answer) return JSON.stringify(answer);
  return JSON.stringify(inOrder(operation, answer.reply));
}

function textOfContents(contents: KeyContents | undefined): string {
  if (contents === undefined) return 'missing';
  const { type, value, ttlMs } = contents;
  const ttl = ttlMs === null ? 'for ever' : `for ${Math.round(Math.min(ttlMs, LONG_TTL_MS) / TTL_UNIT_MS)} x 10 min`;
  return `${type} ${JSON.stringify(value)} ${ttl}`;
}

/** A reply in which that is in order for which Redis promises none, and that is left out which changes by itself. */
function inOrder(operation: Operation, reply: unknown): unknown {
  if ('refuse' in operation) return reply;
  const name = 'script' in operation ? operation.script : (operation.command[0] ?? '');
  if (TIME_REPLIES.has(name)) return Array.isArray(reply) ? reply.map(withoutTime) : withoutTime(reply);
  if (!Array.isArray(reply)) return reply;
  if (HASH_REPLIES.has(name)) return pairsInOrder(reply);
  if (SCAN_REPLIES.has(name)) return [reply[0], [...(reply[1] as string[])].sort()];
  if (name === 'inspectCoupon') return reply.map((part: unknown) => (Array.isArray(part) ? pairsInOrder(part) : part));
  return reply;
}

function withoutTime(value: unknown): unknown {
  return typeof value === 'number' && value >= LEAST_TIME_MS ? 'a time' : value;
}

/** `field, value, field, value ...` as pairs, by field. */
export function pairsInOrder(flat: readonly unknown[]): string[] {
  return flat
    .flatMap((field, index) => (index % 2 === 0 ? [`${String(field)}=${String(flat[index + 1])}`] : []))
    .sort();
}
