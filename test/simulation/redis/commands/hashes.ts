import { RedisReplyError } from '../replies.js';
import type { Command } from './command.js';

export const HASH_COMMANDS: readonly Command[] = [
  {
    name: 'HGET',
    arity: 3,
    run: ({ database }, key, words) => database.read(key, 'hash')?.get(words[2] as string) ?? null,
  },
  {
    name: 'HMGET',
    arity: -3,
    run: ({ database }, key, words) => {
      const hash = database.read(key, 'hash');
      return words.slice(2).map((field) => hash?.get(field) ?? null);
    },
  },
  { name: 'HGETALL', arity: 2, run: ({ database }, key) => [...(database.read(key, 'hash') ?? [])].flat() },
  {
    name: 'HSET',
    arity: -4,
    writes: true,
    denyOom: true,
    run: ({ database }, key, words) => {
      if (words.length % 2 === 1) throw new RedisReplyError("ERR wrong number of arguments for 'hset' command");
      const hash = database.changeOrCreate(key, 'hash');
      const before = hash.size;
      for (let index = 2; index < words.length; index += 2) {
        hash.set(words[index] as string, words[index + 1] as string);
      }
      return hash.size - before;
    },
  },
];
