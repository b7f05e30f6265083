import { NotSimulatedError, RedisReplyError } from './replies.js';

const INTEGER = /^(0|-?[1-9]\d{0,18})$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const HEXADECIMAL = /^([+-]?)(0x[\da-f]+)$/i;
const INFINITE = /^([+-]?)inf(inity)?$/i;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** An integer as Redis takes one: 64 bits, no `+`, no leading zeros, no spaces. @throws RedisReplyError */
export function parseInteger(text: string): number {
  return smallInteger(text) ?? Number(parseInt64(text));
}

/** @throws RedisReplyError as INCRBY does, when one is no integer, or the sum is out of range */
export function addIntegers(value: string, increment: string): string {
  const smallSum = (smallInteger(value) ?? NaN) + (smallInteger(increment) ?? NaN);
  if (Number.isSafeInteger(smallSum)) return String(smallSum);
  const sum = parseInt64(value) + parseInt64(increment);
  if (sum > MAX_INT64 || sum < MIN_INT64) throw new RedisReplyError('ERR increment or decrement would overflow');
  return String(sum);
}

/** A score. @throws RedisReplyError */
export function parseScore(text: string): number {
  const score = smallInteger(text) ?? strtod(text);
  const isTooLarge = score !== undefined && !Number.isFinite(score) && !INFINITE.test(text);
  if (score === undefined || isTooLarge) throw new RedisReplyError('ERR value is not a valid float');
  return score;
}

/** One end of a range of scores. */
export interface Bound {
  readonly score: number;
  readonly isExclusive: boolean;
}

/** An end of a range as ZRANGEBYSCORE takes it, such as `(5`. @throws RedisReplyError */
export function parseBound(text: string): Bound {
  const isExclusive = text.startsWith('(');
  const number = (isExclusive ? text.slice(1) : text).trimStart();
  const score = number === '' ? 0 : strtod(number);
  if (score === undefined) throw new RedisReplyError('ERR min or max is not a float');
  return { score, isExclusive };
}

/** A number as Redis 7.0 writes a score, and as it passes a number of Lua to a command: C's `%.17g`. */
export function formatDouble(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (Number.isNaN(value)) throw new NotSimulatedError('a command with NaN');
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [digits = '', exponent = ''] = value.toExponential(16).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 17) return withoutTrailingZeros(value.toPrecision(17));
  return `${withoutTrailingZeros(digits)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** The integer, if it is exact as a number and written as Redis writes it; faster than all that follows. */
function smallInteger(text: string): number | undefined {
  const value = Number(text);
  return Number.isSafeInteger(value) && String(value) === text ? value : undefined;
}

function parseInt64(text: string): bigint {
  if (INTEGER.test(text)) {
    const value = BigInt(text);
    if (value <= MAX_INT64 && value >= MIN_INT64) return value;
  }
  throw new RedisReplyError('ERR value is not an integer or out of range');
}

/** As C's strtod reads a whole text, but for hexadecimal fractions; undefined when it does not, or reads NaN. */
function strtod(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal !== null) return withSign(hexadecimal[1], Number(hexadecimal[2]));
  const infinite = INFINITE.exec(text);
  return infinite === null ? undefined : withSign(infinite[1], Infinity);
}

function withSign(sign: string | undefined, magnitude: number): number {
  return sign === '-' ? -magnitude : magnitude;
}

function withoutTrailingZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}
