import { RedisUnavailableError } from './redis-errors.js';

/** The sections of INFO that {@link masterOf} reads. */
export const INFO_SECTIONS = ['server', 'replication', 'persistence'] as const;

const OTHER_MODE_HINTS: Readonly<Record<string, string>> = {
  cluster: 'the server is a node of a Redis Cluster: use redis+cluster://host:port,host:port',
  sentinel: 'the server is a sentinel: use redis+sentinel://host:port,host:port/0?name=mymaster',
};

/** A master that has its data. */
export interface Master {
  /** Of the server process; another one may hold older data. Empty where a managed server hides it. */
  readonly runId: string;
  /** Of the data set: changes with each promotion. Empty where a managed server hides it. */
  readonly replicationId: string;
  /** How many replicas follow it. */
  readonly replicas: number;
  /** How many of them follow it closely; undefined when it takes writes without any (`min-replicas-to-write` is 0). */
  readonly goodReplicas: number | undefined;
}

/**
 * The master that answered INFO with this text.
 *
 * @throws RedisUnavailableError when it is no master (READ_ONLY), or still reads its data (LOADING)
 */
export function masterOf(info: string): Master {
  const role = fieldOf(info, 'role');
  if (role !== 'master') {
    // A replica that takes writes (replica-read-only no) loses them, so it is not enough that it does.
    throw new RedisUnavailableError(`INFO says role:${role}, not master`, { reason: 'READ_ONLY' });
  }
  if (fieldOf(info, 'loading') === '1') throw new RedisUnavailableError('INFO says loading:1', { reason: 'LOADING' });
  const goodReplicas = fieldOf(info, 'min_slaves_good_slaves');
  return {
    runId: fieldOf(info, 'run_id'),
    replicationId: fieldOf(info, 'master_replid'),
    replicas: Number(fieldOf(info, 'connected_slaves')),
    goodReplicas: goodReplicas === '' ? undefined : Number(goodReplicas),
  };
}

/** What to do where the server that answered INFO with this text is no server by itself; undefined where it is one. */
export function otherModeHint(info: string): string | undefined {
  return OTHER_MODE_HINTS[fieldOf(info, 'redis_mode')];
}

function fieldOf(info: string, name: string): string {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? '';
}
