import { MAX_TIME, NEVER } from '../database.js';
import { parseInteger } from '../numbers.js';
import { invalidExpireTime, NotSimulatedError, OK, RedisReplyError, type Reply } from '../replies.js';
import type { Command, Server } from './command.js';

export const KEY_COMMANDS: readonly Command[] = [
  { name: 'TYPE', arity: 2, run: ({ database }, key) => ({ ok: database.typeOf(key) ?? 'none' }) },
  {
    name: 'EXISTS',
    arity: -2,
    run: ({ database }, _key, words) => countOf(words, (key) => database.has(key)),
  },
  { name: 'DEL', arity: -2, writes: true, run: deleteKeys },
  { name: 'UNLINK', arity: -2, writes: true, run: deleteKeys },
  {
    name: 'RENAME',
    arity: 3,
    writes: true,
    run: ({ database }, key, words) => {
      if (!database.rename(key, words[2] as string)) throw new RedisReplyError('ERR no such key');
      return OK;
    },
  },
  { name: 'PEXPIRE', arity: -3, writes: true, run: expire },
  {
    name: 'PERSIST',
    arity: 2,
    writes: true,
    run: ({ database }, key) => {
      if (database.expiresAt(key) === NEVER) return 0;
      database.setExpiresAt(key, NEVER);
      return 1;
    },
  },
  {
    name: 'FLUSHALL',
    arity: -1,
    writes: true,
    run: ({ database }) => {
      database.clear();
      return OK;
    },
  },
];

function deleteKeys({ database }: Server, _key: string, words: readonly string[]): Reply {
  return countOf(words, (key) => database.delete(key));
}

function countOf(words: readonly string[], isCounted: (key: string) => boolean): number {
  let count = 0;
  for (let index = 1; index < words.length; index += 1) if (isCounted(words[index] as string)) count += 1;
  return count;
}

function expire({ database, now }: Server, key: string, words: readonly string[]): Reply {
  const milliseconds = parseInteger(words[2] as string);
  if (words.length > 3) throw new NotSimulatedError('PEXPIRE with an option');
  const expiresAt = Math.floor(now()) + milliseconds;
  if (expiresAt >= MAX_TIME) throw invalidExpireTime('pexpire');
  if (!database.has(key)) return 0;
  if (milliseconds > 0) database.setExpiresAt(key, expiresAt);
  else database.delete(key);
  return 1;
}
