import { describe, expect, it } from '@jest/globals';
import { RedisUnavailableError } from './redis-errors.js';
import { masterOf } from './server-info.js';

/** As Redis 7 answers INFO, shortened. */
function info(fields: Record<string, string>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}\r\n`);
  return `# Server\r\nredis_version:7.0.15\r\n${lines.join('')}`;
}

const MASTER = { run_id: '3c61e0', loading: '0', role: 'master', master_replid: '1f5139', master_replid2: '000000' };

function reasonOf(text: string): unknown {
  try {
    return masterOf(text);
  } catch (error) {
    return error instanceof RedisUnavailableError ? error.reason : error;
  }
}

describe('what a server says of itself', () => {
  it('identifies a master and its data', () => {
    expect(masterOf(info(MASTER))).toEqual({
      runId: '3c61e0',
      replicationId: '1f5139',
      replicas: 0,
      goodReplicas: undefined,
    });
  });

  it('may leave out who it is', () => {
    expect(masterOf(info({ role: 'master' }))).toMatchObject({ runId: '', replicationId: '' });
  });

  it.each([
    ['a replica', { ...MASTER, role: 'slave', slave_read_only: '0' }, 'READ_ONLY'],
    ['a server that hides its role', { run_id: '3c61e0' }, 'READ_ONLY'],
    ['a master that reads its data', { ...MASTER, loading: '1' }, 'LOADING'],
    ['a master that reads its data beside the old ones', { ...MASTER, async_loading: '1' }, { runId: '3c61e0' }],
  ])('%s', (_name, fields, expected) => {
    const reason = reasonOf(info(fields));
    if (typeof expected === 'string') expect(reason).toBe(expected);
    else expect(reason).toMatchObject(expected);
  });
});
