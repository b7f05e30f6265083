import { MAX_TIME, NEVER } from '../database.js';
import { addIntegers, parseInteger } from '../numbers.js';
import { invalidExpireTime, NotSimulatedError, OK, syntaxError, type Reply } from '../replies.js';
import type { Command, Server } from './command.js';

export const STRING_COMMANDS: readonly Command[] = [
  { name: 'GET', arity: 2, run: ({ database }, key) => database.read(key, 'string') ?? null },
  { name: 'SET', arity: -3, writes: true, denyOom: true, run: set },
  {
    name: 'INCRBY',
    arity: 3,
    writes: true,
    denyOom: true,
    run: (server, key, words) => {
      const increment = words[2] as string;
      parseInteger(increment);
      return increase(server, key, increment);
    },
  },
  { name: 'DECR', arity: 2, writes: true, denyOom: true, run: (server, key) => increase(server, key, '-1') },
];

function set({ database, now }: Server, key: string, words: readonly string[]): Reply {
  let onlyIfMissing = false;
  let milliseconds: string | undefined;
  for (let index = 3; index < words.length; index += 1) {
    const option = (words[index] as string).toUpperCase();
    if (option === 'NX') {
      onlyIfMissing = true;
    } else if (option === 'PX' && index + 1 < words.length) {
      milliseconds = words[(index += 1)];
    } else if (/^(XX|GET|KEEPTTL|EX|EXAT|PXAT)$/.test(option)) {
      throw new NotSimulatedError(`SET ${option}`);
    } else {
      throw syntaxError();
    }
  }
  const expiresAt = milliseconds === undefined ? NEVER : expiryOf(milliseconds, now());
  if (onlyIfMissing && database.has(key)) return null;
  database.putString(key, words[2] as string, expiresAt);
  return OK;
}

function expiryOf(ttl: string, now: number): number {
  const milliseconds = parseInteger(ttl);
  const expiresAt = Math.floor(now) + milliseconds;
  if (milliseconds <= 0 || expiresAt >= MAX_TIME) throw invalidExpireTime('set');
  return expiresAt;
}

function increase({ database }: Server, key: string, increment: string): Reply {
  const sum = addIntegers(database.read(key, 'string') ?? '0', increment);
  database.putString(key, sum, database.expiresAt(key));
  return Number(sum);
}
