import { REDIS_SCRIPTS } from '../../src/redis-scripts.js';
import { Keyspace, type KeyspaceOptions, RedisReplyError, type Reply } from '../simulation/redis/keyspace.js';
import { type CompiledScript, Lua } from '../simulation/redis/lua.js';
import type { Answer, KeyContents, Outcome } from './keyspace-outcome.js';
import type { Operation, Refusal } from './redis-operations.js';
import type { Recording } from './recorded-redis.js';

/** As Redis says it. */
const REFUSALS: Readonly<Record<Refusal, string>> = {
  READONLY: "READONLY You can't write against a read only replica.",
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
};

/** The simulated Redis, on which what was recorded is carried out again. */
export class SimulatedRedis {
  private constructor(
    readonly lua: Lua,
    private readonly scripts: ReadonlyMap<string, CompiledScript>,
  ) {}

  static async create(): Promise<SimulatedRedis> {
    const lua = await Lua.create();
    const scripts = Object.entries(REDIS_SCRIPTS).map(
      ([name, script]) => [name, lua.compile(script.lua, name)] as const,
    );
    return new SimulatedRedis(lua, new Map(scripts));
  }

  /** Carries out the operations of a recording on an empty keyspace, of a faulty kind if told so. */
  replay({ sequence, info }: Recording, create = (options: KeyspaceOptions) => new Keyspace(options)): Outcome {
    const keyspace = create({ now: () => Date.now(), info: () => info });
    const answers = sequence.operations.map((operation) => this.answer(keyspace, operation));
    return { answers, contents: contentsOf(keyspace) };
  }

  private answer(keyspace: Keyspace, operation: Operation): Answer {
    return answerOf(() => {
      if ('command' in operation) return keyspace.call(operation.command);
      if ('script' in operation) return this.run(keyspace, operation);
      keyspace.refusal = REFUSALS[operation.refuse];
      return 'OK';
    });
  }

  private run(keyspace: Keyspace, { script, keys, args }: Extract<Operation, { script: string }>): Reply {
    return this.lua.run(this.scripts.get(script) as CompiledScript, keys, args, keyspace);
  }
}

/** What a client would be answered; or what is no answer of Redis at all, so that it differs from each. */
export function answerOf(call: () => Reply): Answer {
  try {
    return { reply: toClient(call()) };
  } catch (error) {
    return { error: error instanceof RedisReplyError ? error.message : String(error) };
  }
}

/** A client has no wrapping around a status. */
function toClient(reply: Reply): unknown {
  if (typeof reply !== 'object' || reply === null) return reply;
  return 'ok' in reply ? reply.ok : reply.map(toClient);
}

function contentsOf(keyspace: Keyspace): Outcome['contents'] {
  return new Map(keyspace.keys().map((key) => [key, contentOf(keyspace, key)]));
}

function contentOf(keyspace: Keyspace, key: string): KeyContents {
  const expiresAt = keyspace.expiresAt(key);
  return { ...valueOf(keyspace, key), ttlMs: expiresAt === undefined ? null : expiresAt - Date.now() };
}

function valueOf(keyspace: Keyspace, key: string): Pick<KeyContents, 'type' | 'value'> {
  const [string, set, hash] = [keyspace.string(key), keyspace.set(key), keyspace.hash(key)];
  if (string !== undefined) return { type: 'string', value: string };
  if (set !== undefined) return { type: 'set', value: [...set].sort() };
  if (hash !== undefined) return { type: 'hash', value: [...hash].map(([field, value]) => `${field}=${value}`).sort() };
  return { type: 'zset', value: keyspace.call(['ZRANGE', key, '0', '-1', 'WITHSCORES']) };
}
