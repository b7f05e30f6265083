import { NotSimulatedError, RedisReplyError, type Reply } from '../replies.js';
import type { Command } from './command.js';
import { page, parseCursor, parseScanOptions } from './scanning.js';

/** As `scripts/services` starts Redis. */
const SETTINGS: Readonly<Record<string, string>> = { appendonly: 'yes', 'maxmemory-policy': 'noeviction' };

export const SERVER_COMMANDS: readonly Command[] = [
  {
    name: 'PING',
    arity: -1,
    run: (_server, _key, words) => {
      if (words.length > 1) throw new NotSimulatedError('PING with a message');
      return { ok: 'PONG' };
    },
  },
  { name: 'INFO', arity: -1, run: ({ info }, _key, words) => info(words.slice(1)) },
  {
    name: 'TIME',
    arity: 1,
    run: ({ now }) => {
      const microseconds = Math.floor(now() * 1000);
      return [String(Math.floor(microseconds / 1_000_000)), String(microseconds % 1_000_000)];
    },
  },
  {
    name: 'SCAN',
    arity: -2,
    run: ({ database }, cursor, words) => page(database.keys(), parseCursor(cursor), parseScanOptions(words.slice(2))),
  },
  { name: 'SPUBLISH', arity: 3, run: ({ publish }, channel, words) => publish(channel, words[2] as string) },
  {
    name: 'CONFIG',
    arity: -2,
    noScript: true,
    run: (_server, subcommand, words) => config(subcommand, words.slice(2)),
  },
];

function config(subcommand: string, names: readonly string[]): Reply {
  if (subcommand.toUpperCase() !== 'GET') throw new NotSimulatedError(`CONFIG ${subcommand}`);
  if (names.length === 0) throw new RedisReplyError("ERR wrong number of arguments for 'config|get' command");
  return names.flatMap((name) => {
    const value = SETTINGS[name];
    if (value === undefined) throw new NotSimulatedError(`the setting ${name}`);
    return [name, value];
  });
}
