import { formatDouble, parseBound, parseInteger, parseScore } from '../numbers.js';
import { NotSimulatedError, RedisReplyError, syntaxError, type Reply } from '../replies.js';
import type { Scored } from '../sorted-set.js';
import type { Command, Server } from './command.js';

/** Options of ZADD besides NX. */
const OTHER_OPTIONS: ReadonlySet<string> = new Set(['XX', 'GT', 'LT', 'CH', 'INCR']);

export const SORTED_SET_COMMANDS: readonly Command[] = [
  { name: 'ZADD', arity: -4, writes: true, denyOom: true, run: add },
  {
    name: 'ZINCRBY',
    arity: 4,
    writes: true,
    denyOom: true,
    run: increase,
  },
  {
    name: 'ZREM',
    arity: -3,
    writes: true,
    run: ({ database }, key, words) => {
      const sortedSet = database.change(key, 'zset');
      if (sortedSet === undefined) return 0;
      const before = sortedSet.size;
      for (let index = 2; index < words.length; index += 1) sortedSet.delete(words[index] as string);
      database.deleteIfEmpty(key, sortedSet);
      return before - sortedSet.size;
    },
  },
  { name: 'ZCARD', arity: 2, run: ({ database }, key) => database.read(key, 'zset')?.size ?? 0 },
  {
    name: 'ZSCORE',
    arity: 3,
    run: ({ database }, key, words) => scoreReply(database.read(key, 'zset')?.scoreOf(words[2] as string)),
  },
  {
    name: 'ZMSCORE',
    arity: -3,
    run: ({ database }, key, words) => {
      const sortedSet = database.read(key, 'zset');
      return words.slice(2).map((member) => scoreReply(sortedSet?.scoreOf(member)));
    },
  },
  {
    name: 'ZCOUNT',
    arity: 4,
    run: ({ database }, key, words) => {
      const [low, high] = [parseBound(words[2] as string), parseBound(words[3] as string)];
      return database.read(key, 'zset')?.between(low, high).length ?? 0;
    },
  },
  {
    name: 'ZRANK',
    arity: 3,
    run: ({ database }, key, words) => {
      const sortedSet = database.read(key, 'zset');
      if (sortedSet?.scoreOf(words[2] as string) === undefined) return null;
      return sortedSet.inOrder().findIndex(([member]) => member === words[2]);
    },
  },
  { name: 'ZRANGE', arity: -4, run: (server, key, words) => range(server, key, words, false) },
  { name: 'ZREVRANGE', arity: -4, run: (server, key, words) => range(server, key, words, true) },
  { name: 'ZRANGEBYSCORE', arity: -4, run: rangeByScore },
];

function add({ database }: Server, key: string, words: readonly string[]): Reply {
  let first = 2;
  let onlyNew = false;
  for (; first < words.length; first += 1) {
    const option = (words[first] as string).toUpperCase();
    if (OTHER_OPTIONS.has(option)) throw new NotSimulatedError(`ZADD ${option}`);
    if (option !== 'NX') break;
    onlyNew = true;
  }
  if (first === words.length || (words.length - first) % 2 !== 0) throw syntaxError();
  const scores: number[] = [];
  for (let index = first; index < words.length; index += 2) scores.push(parseScore(words[index] as string));
  const sortedSet = database.changeOrCreate(key, 'zset');
  const before = sortedSet.size;
  scores.forEach((score, position) => {
    const member = words[first + 2 * position + 1] as string;
    if (!onlyNew || sortedSet.scoreOf(member) === undefined) sortedSet.set(member, score);
  });
  return sortedSet.size - before;
}

function increase({ database }: Server, key: string, words: readonly string[]): Reply {
  const [increment, member] = [words[2] as string, words[3] as string];
  // It takes the words of ZADD, and misses the score then.
  if (increment.toUpperCase() === 'NX' || OTHER_OPTIONS.has(increment.toUpperCase())) throw syntaxError();
  const summand = parseScore(increment);
  const sortedSet = database.changeOrCreate(key, 'zset');
  const score = (sortedSet.scoreOf(member) ?? 0) + summand;
  if (Number.isNaN(score)) throw new RedisReplyError('ERR resulting score is not a number (NaN)');
  sortedSet.set(member, score);
  return formatDouble(score);
}

function range({ database }: Server, key: string, words: readonly string[], isReversed: boolean): Reply {
  const [from, to] = [parseInteger(words[2] as string), parseInteger(words[3] as string)];
  const withScores = words.length > 4;
  if (withScores && (words.length > 5 || words[4]?.toUpperCase() !== 'WITHSCORES')) {
    throw new NotSimulatedError(`${words[0]} ${words.slice(4).join(' ')}`);
  }
  const all = database.read(key, 'zset')?.inOrder() ?? [];
  const ordered = isReversed ? all.toReversed() : all;
  const first = Math.max(0, from < 0 ? from + ordered.length : from);
  const last = to < 0 ? to + ordered.length : to;
  return flat(last < first ? [] : ordered.slice(first, last + 1), withScores);
}

function rangeByScore({ database }: Server, key: string, words: readonly string[]): Reply {
  let withScores = false;
  let [offset, limit] = [0, -1];
  for (let index = 4; index < words.length; index += 1) {
    const option = (words[index] as string).toUpperCase();
    if (option === 'WITHSCORES') {
      withScores = true;
    } else if (option === 'LIMIT' && index + 2 < words.length) {
      [offset, limit] = [parseInteger(words[index + 1] as string), parseInteger(words[index + 2] as string)];
      index += 2;
    } else {
      throw syntaxError();
    }
  }
  const [low, high] = [parseBound(words[2] as string), parseBound(words[3] as string)];
  const found = database.read(key, 'zset')?.between(low, high) ?? [];
  if (offset < 0) return [];
  return flat(limit < 0 ? found.slice(offset) : found.slice(offset, offset + limit), withScores);
}

function scoreReply(score: number | undefined): Reply {
  return score === undefined ? null : formatDouble(score);
}

function flat(found: readonly Scored[], withScores: boolean): string[] {
  return found.flatMap(([member, score]) => (withScores ? [member, formatDouble(score)] : [member]));
}
