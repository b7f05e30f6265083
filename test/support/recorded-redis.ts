import type { ChainableCommander, Redis } from 'ioredis';
import { REDIS_SCRIPTS } from '../../src/redis-scripts.js';
import { type Answer, type KeyContents, type Outcome, pairsInOrder } from './keyspace-outcome.js';
import { openRedis } from './redis.js';
import type { Operation, Refusal, Sequence } from './redis-operations.js';
import { startPrivateRedis } from './servers.js';

/** What a sequence has led to in a real Redis. */
export interface Recording extends Outcome {
  readonly sequence: Sequence;
  /** What the server said of itself at the beginning. */
  readonly info: string;
}

type DumpedKey = readonly [key: string, type: string, ttlMs: number, value: string | string[]];

const DUMP = `
local reads = {
  string = { 'GET' }, set = { 'SMEMBERS' }, hash = { 'HGETALL' }, zset = { 'ZRANGE', 0, -1, 'WITHSCORES' },
}
local dump = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local type = redis.call('TYPE', key).ok
  local read = reads[type]
  local value = redis.call(read[1], key, unpack(read, 2))
  dump[#dump + 1] = { key, type, redis.call('PTTL', key), value }
end
return dump`;

/** How a server comes to refuse writes, and to take them again. */
const REFUSE: Readonly<Record<Refusal, Record<'begin' | 'end', readonly string[]>>> = {
  READONLY: { begin: ['REPLICAOF', '127.0.0.1', '1'], end: ['REPLICAOF', 'NO', 'ONE'] },
  OOM: { begin: ['CONFIG', 'SET', 'maxmemory', '1'], end: ['CONFIG', 'SET', 'maxmemory', '0'] },
};

/** A real Redis that sequences are carried out on, many in one exchange. */
export class RecordedRedis {
  private constructor(
    readonly client: Redis,
    private readonly shas: ReadonlyMap<string, string>,
  ) {}

  /** On a server of its own, until the end of the test file. */
  static async start(): Promise<RecordedRedis> {
    const { url } = await startPrivateRedis({ extraArgs: ['--appendonly', 'no'] });
    const client = openRedis(url, { protocol: 2 });
    const shas = new Map<string, string>();
    for (const [name, { lua }] of Object.entries(REDIS_SCRIPTS)) {
      shas.set(name, String(await client.script('LOAD', lua)));
    }
    return new RecordedRedis(client, shas);
  }

  async record(sequences: readonly Sequence[]): Promise<Recording[]> {
    const pipeline = this.client.pipeline();
    for (const sequence of sequences) this.send(pipeline, sequence);
    const answers = ((await pipeline.exec()) ?? []).map(toAnswer).values();
    return sequences.map((sequence) => takeRecording(sequence, answers));
  }

  /** What one command is answered: its name, then its arguments. */
  async answer(command: readonly string[]): Promise<Answer> {
    const pipeline = this.client.pipeline();
    call(pipeline, command);
    const [answer] = ((await pipeline.exec()) ?? []).map(toAnswer);
    return answer as Answer;
  }

  private send(pipeline: ChainableCommander, { operations }: Sequence): void {
    pipeline.flushall();
    pipeline.info('server', 'replication');
    for (const operation of operations) this.sendOperation(pipeline, operation);
    pipeline.eval(DUMP, 0);
    for (const refusal of refusalsOf(operations)) call(pipeline, REFUSE[refusal].end);
  }

  private sendOperation(pipeline: ChainableCommander, operation: Operation): void {
    if ('refuse' in operation) {
      call(pipeline, REFUSE[operation.refuse].begin);
    } else if ('command' in operation) {
      call(pipeline, operation.command);
    } else {
      const { script, keys, args } = operation;
      pipeline.evalsha(this.shas.get(script) ?? '', keys.length, ...keys, ...args);
    }
  }
}

function takeRecording(sequence: Sequence, answers: Iterator<Answer>): Recording {
  const { operations } = sequence;
  const [, info] = [take(answers), take(answers)];
  const answersOfOperations = operations.map(() => take(answers));
  const contents = contentsOf(replyOf(take(answers)) as DumpedKey[]);
  refusalsOf(operations).forEach(() => replyOf(take(answers)));
  return { sequence, info: String(replyOf(info)), answers: answersOfOperations, contents };
}

function contentsOf(dump: readonly DumpedKey[]): Outcome['contents'] {
  return new Map(dump.map(([key, type, ttlMs, value]) => [key, contentOf(type, value, ttlMs)]));
}

function contentOf(type: string, value: string | string[], ttlMs: number): KeyContents {
  const values: Record<string, (flat: string[]) => string[]> = { set: (flat) => flat.sort(), hash: pairsInOrder };
  const ordered = Array.isArray(value) ? (values[type]?.(value) ?? value) : value;
  return { type, value: ordered, ttlMs: ttlMs < 0 ? null : ttlMs };
}

function refusalsOf(operations: readonly Operation[]): Refusal[] {
  return operations.flatMap((operation) => ('refuse' in operation ? [operation.refuse] : []));
}

function call(pipeline: ChainableCommander, [name = '', ...args]: readonly string[]): void {
  pipeline.call(name, ...args);
}

function toAnswer([error, reply]: [Error | null, unknown]): Answer {
  return error === null ? { reply } : { error: error.message };
}

function take(answers: Iterator<Answer>): Answer {
  const { done, value } = answers.next();
  if (done === true) throw new Error('Redis has not answered everything');
  return value;
}

/** Of what must not fail. */
function replyOf(answer: Answer): unknown {
  if ('error' in answer) throw new Error(answer.error);
  return answer.reply;
}
