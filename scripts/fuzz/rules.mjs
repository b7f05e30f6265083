/** What no answer may be. */

/** @import { Answer, Outcome } from './wire.mjs' */
/** @import { Draft } from './request.mjs' */

/** The codes that there are, each with its status. @typedef {Readonly<Record<string, { readonly status: number }>>} Codes */

/** Members of a problem, RFC 9457 and ours. */
const MEMBERS = /** @type {const} */ (['type', 'title', 'detail', 'instance', 'code']);
/** What Connect says with a status above 500 that is no fault: there is no such call, and the client's own time was over. */
const RPC_CODES = new Map([
  [501, 'unimplemented'],
  [504, 'deadline_exceeded'],
  [503, 'unavailable'],
]);
const RPC_PATH = 'coupon.v1.CouponService';

/** What is wrong, in words; undefined when nothing is. @type {(draft: Draft, outcome: Outcome, codes: Codes) => string | undefined} */
export function violationOf(draft, { answers, isLate, isLong }, codes) {
  if (isLate) return 'neither answered nor hung up on';
  if (answers.length === 0 && draft.isFramed && draft.cutAt === undefined && !isLong)
    return 'hung up on without an answer';
  for (const answer of answers) {
    const wrong = wrongIn(draft, answer, codes);
    if (wrong !== undefined) return `${wrong}: ${answer.status} ${answer.body.toString().slice(0, 500)}`;
  }
  return undefined;
}

/** @type {(draft: Draft, answer: Answer, codes: Codes) => string | undefined} */
function wrongIn(draft, { status, headers, body }, codes) {
  if (!(status >= 100 && status <= 599)) return 'no status';
  if (status < 400) return undefined;
  const type = headers['content-type'] ?? '';
  const isBare = draft.method === 'HEAD';
  if (isRpc(draft) && type === 'application/json') {
    const { code } = parsed(body);
    if (status >= 500 && RPC_CODES.get(status) !== code) return 'an error of the server';
    return typeof code === 'string' ? undefined : 'an error without a code';
  }
  if (status >= 500 && status !== 503) return 'an error of the server';
  if (!type.startsWith('application/problem+json')) return 'an error that is no problem document';
  if (isBare) return undefined;
  const problem = parsed(body);
  const missing = MEMBERS.filter((member) => typeof problem[member] !== 'string');
  if (missing.length > 0) return `a problem without ${missing.join(', ')}`;
  const code = String(problem['code']);
  const known = codes[code];
  if (known === undefined) return `a code that is not known, ${code}`;
  if (known.status !== status || problem['status'] !== status) return 'a code of another status';
  if (status === 503 && headers['retry-after'] === undefined) return '503 without Retry-After';
  return undefined;
}

/** @param {Draft} draft */
function isRpc({ isRpc: isMeant, segments }) {
  return isMeant || segments.includes(RPC_PATH);
}

/** @param {Buffer} body @returns {Record<string, unknown>} */
function parsed(body) {
  try {
    /** @type {unknown} */
    const value = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? /** @type {Record<string, unknown>} */ (value) : {};
  } catch {
    return {};
  }
}
