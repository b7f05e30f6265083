import type { Command } from './command.js';
import { page, parseCursor, parseScanOptions } from './scanning.js';

export const SET_COMMANDS: readonly Command[] = [
  {
    name: 'SADD',
    arity: -3,
    writes: true,
    denyOom: true,
    run: ({ database }, key, words) => {
      const set = database.changeOrCreate(key, 'set');
      const before = set.size;
      for (let index = 2; index < words.length; index += 1) set.add(words[index] as string);
      return set.size - before;
    },
  },
  {
    name: 'SREM',
    arity: -3,
    writes: true,
    run: ({ database }, key, words) => {
      const set = database.change(key, 'set');
      if (set === undefined) return 0;
      const before = set.size;
      for (let index = 2; index < words.length; index += 1) set.delete(words[index] as string);
      database.deleteIfEmpty(key, set);
      return before - set.size;
    },
  },
  { name: 'SCARD', arity: 2, run: ({ database }, key) => database.read(key, 'set')?.size ?? 0 },
  {
    name: 'SISMEMBER',
    arity: 3,
    run: ({ database }, key, words) => (database.read(key, 'set')?.has(words[2] as string) ? 1 : 0),
  },
  {
    name: 'SMISMEMBER',
    arity: -3,
    run: ({ database }, key, words) => {
      const set = database.read(key, 'set');
      return words.slice(2).map((member) => (set?.has(member) ? 1 : 0));
    },
  },
  {
    name: 'SSCAN',
    arity: -3,
    run: ({ database }, key, words) => {
      const cursor = parseCursor(words[2] as string);
      const set = database.read(key, 'set');
      return set === undefined ? ['0', []] : page([...set], cursor, parseScanOptions(words.slice(3)));
    },
  },
];
