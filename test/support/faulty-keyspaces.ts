import type { Command } from '../simulation/redis/commands/command.js';
import { COMMANDS, Keyspace, type KeyspaceOptions, RedisReplyError, type Reply } from '../simulation/redis/keyspace.js';

type Words = readonly string[];
/** Carries out a command as it should be, of this or of another name. */
type CarryOut = (...words: Words) => Reply;
/** What happens in place of a command. */
type Fault = (words: Words, carryOut: CarryOut, keyspace: Keyspace) => Reply;
type CreateKeyspace = (options: KeyspaceOptions) => Keyspace;

/** Faults of one command each. */
const COMMAND_FAULTS: Readonly<Record<string, readonly [command: string, fault: Fault]>> = {
  'SET overlooks NX': ['SET', (words, carryOut) => carryOut(...words.filter((word) => word !== 'NX'))],
  'SET overlooks PX': ['SET', (words, carryOut) => carryOut(...words.slice(0, 3))],
  'SET keeps the TTL': [
    'SET',
    (words, carryOut, keyspace) => {
      const expiresAt = keyspace.expiresAt(keyOf(words));
      const reply = carryOut(...words);
      if (expiresAt !== undefined) carryOut('PEXPIRE', keyOf(words), String(expiresAt - Date.now()));
      return reply;
    },
  ],
  'GET finds nothing where there is no string': [
    'GET',
    (words, carryOut, keyspace) => (keyspace.string(keyOf(words)) === undefined ? null : carryOut(...words)),
  ],
  'INCRBY takes garbage for 0': [
    'INCRBY',
    (words, carryOut, keyspace) => {
      if (Number.isNaN(Number(keyspace.string(keyOf(words))))) carryOut('DEL', keyOf(words));
      return carryOut(...words);
    },
  ],
  'DECR counts up': ['DECR', (words, carryOut) => carryOut('INCRBY', keyOf(words), '1')],
  'TYPE takes a sorted set for a set': [
    'TYPE',
    (words, carryOut, keyspace) =>
      keyspace.sortedSet(keyOf(words)) === undefined ? carryOut(...words) : { ok: 'set' },
  ],
  'EXISTS counts no further than 1': ['EXISTS', (words, carryOut) => Math.min(1, Number(carryOut(...words)))],
  'DEL counts keys that are missing': ['DEL', answering((words) => words.length - 1)],
  'UNLINK forgets the last of several keys': [
    'UNLINK',
    (words, carryOut) => carryOut(...(words.length > 2 ? words.slice(0, -1) : words)),
  ],
  'RENAME keeps the old key': [
    'RENAME',
    (words, carryOut, keyspace) => {
      const members = [...(keyspace.set(keyOf(words)) ?? [])];
      const reply = carryOut(...words);
      if (members.length > 0) carryOut('SADD', keyOf(words), ...members);
      return reply;
    },
  ],
  'RENAME forgets the TTL': ['RENAME', andThen((words) => ['PERSIST', words[2] ?? ''])],
  'PEXPIRE does nothing': ['PEXPIRE', () => 1],
  'PERSIST does nothing': ['PERSIST', () => 1],
  'HSET does not overwrite': [
    'HSET',
    (words, carryOut, keyspace) => {
      const hash = keyspace.hash(keyOf(words));
      const isNew = (index: number): boolean => hash?.has(words[index - (index % 2)] ?? '') !== true;
      const left = words.filter((_word, index) => index < 2 || isNew(index));
      return left.length > 2 ? carryOut(...left) : 0;
    },
  ],
  'HMGET leaves out what is missing': ['HMGET', (words, carryOut) => asArray(carryOut(...words)).filter(Boolean)],
  'SADD finds every member new': ['SADD', answering((words) => words.length - 2)],
  'SREM always removes one': ['SREM', answering(() => 1)],
  'SCARD counts one too many': ['SCARD', (words, carryOut) => Number(carryOut(...words)) + 1],
  'SISMEMBER knows everyone': ['SISMEMBER', answering(() => 1)],
  'ZADD overlooks NX': ['ZADD', (words, carryOut) => carryOut(...words.filter((word) => word !== 'NX'))],
  'ZINCRBY sets the score': [
    'ZINCRBY',
    (words, carryOut) => {
      carryOut('ZREM', keyOf(words), words[3] ?? '');
      return carryOut(...words);
    },
  ],
  'ZREM removes nothing': ['ZREM', () => 0],
  'ZSCORE is 0 of a member that is missing': ['ZSCORE', (words, carryOut) => carryOut(...words) ?? '0'],
  'ZCOUNT includes its lower end': [
    'ZCOUNT',
    (words, carryOut) => carryOut(...words.map((word, index) => (index === 2 ? word.replace('(', '') : word))),
  ],
  'ZRANK counts from 1': ['ZRANK', (words, carryOut) => Number(carryOut(...words)) + 1],
  'ZRANGE leaves out the last': ['ZRANGE', (words, carryOut) => asArray(carryOut(...words)).slice(0, -1)],
  'ZREVRANGE begins at the wrong end': ['ZREVRANGE', ([, ...args], carryOut) => carryOut('ZRANGE', ...args)],
  'ZRANGEBYSCORE overlooks LIMIT': [
    'ZRANGEBYSCORE',
    (words, carryOut) => carryOut(...words.slice(0, words.includes('LIMIT') ? words.indexOf('LIMIT') : undefined)),
  ],
  'TIME stands still': ['TIME', () => ['0', '0']],
  'INFO does not say who answers': ['INFO', () => 'role:master'],
};

/** Keyspaces of which each has a fault that a comparison with the real Redis must find. */
export const FAULTY_KEYSPACES: ReadonlyArray<readonly [fault: string, create: CreateKeyspace]> = [
  ...Object.entries(COMMAND_FAULTS).map(
    ([name, [command, fault]]) =>
      [name, (options: KeyspaceOptions) => new FaultyKeyspace(options, command, fault)] as const,
  ),
  ['a full memory takes no deletions', (options) => new OverfullKeyspace(options)],
  ['a script is refused half way', (options) => new HalfWayKeyspace(options)],
  ['a script writes in spite of a refusal', (options) => new WilfulKeyspace(options)],
];

class FaultyKeyspace extends Keyspace {
  constructor(
    options: KeyspaceOptions,
    private readonly faultyCommand: string,
    private readonly fault: Fault,
  ) {
    super(options);
  }

  protected override execute(command: Command, words: Words): Reply {
    if (command.name !== this.faultyCommand) return super.execute(command, words);
    const carryOut: CarryOut = (...other) =>
      other[0] === command.name ? super.execute(command, other) : this.call(other);
    return this.fault(words, carryOut, this);
  }
}

class OverfullKeyspace extends Keyspace {
  override call(words: Words): Reply {
    const command = COMMANDS.find(({ name }) => name === words[0]);
    if (this.refusal !== undefined && command?.writes) throw new RedisReplyError(this.refusal);
    return super.call(words);
  }
}

class HalfWayKeyspace extends Keyspace {
  override callFromScript(words: Words): Reply {
    this.beginScript();
    return super.callFromScript(words);
  }
}

class WilfulKeyspace extends Keyspace {
  override callFromScript(words: Words): Reply {
    const { refusal } = this;
    this.refusal = undefined;
    try {
      return super.callFromScript(words);
    } finally {
      this.refusal = refusal;
    }
  }
}

function keyOf(words: Words): string {
  return words[1] ?? '';
}

function asArray(reply: Reply): readonly Reply[] {
  return Array.isArray(reply) ? reply : [];
}

/** Carries the command out, and another one after it. */
function andThen(other: (words: Words) => Words): Fault {
  return (words, carryOut) => {
    const reply = carryOut(...words);
    carryOut(...other(words));
    return reply;
  };
}

/** Carries the command out, but answers this. */
function answering(reply: (words: Words) => Reply): Fault {
  return (words, carryOut) => {
    carryOut(...words);
    return reply(words);
  };
}
