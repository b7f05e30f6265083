import { RedisUnavailableError } from './redis-errors.js';

/** The sections of INFO that {@link masterOf} reads. */
export const INFO_SECTIONS = ['server', 'replication', 'persistence'] as const;

/** A master that has its data. */
export interface Master {
  /** Of the server process; another one may hold older data. Empty where a managed server hides it. */
  readonly runId: string;
  /** Of the data set: changes with each promotion. Empty where a managed server hides it. */
  readonly replicationId: string;
}

/**
 * The master that answered INFO with this text.
 *
 * @throws RedisUnavailableError when it is no master (READ_ONLY), or still reads its data (LOADING)
 */
export function masterOf(info: string): Master {
  const field = (name: string): string => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? '';
  const role = field('role');
  if (role !== 'master') {
    // A replica that takes writes (replica-read-only no) loses them, so it is not enough that it does.
    throw new RedisUnavailableError(`INFO says role:${role}, not master`, { reason: 'READ_ONLY' });
  }
  if (field('loading') === '1') throw new RedisUnavailableError('INFO says loading:1', { reason: 'LOADING' });
  return { runId: field('run_id'), replicationId: field('master_replid') };
}
