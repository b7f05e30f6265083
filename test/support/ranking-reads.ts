import type { Redis } from 'ioredis';
import { createHash, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { loadScript } from '../../src/platform/redis/redis-scripts.js';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';
import { openRedis } from './redis.js';

const SCRIPTS = new URL('../../src/ranking/ranking-scripts.ts', import.meta.url).href;
/**
 * How a script is called: by its hash, or the first time on a connection by its text, as MONITOR shows its beginning.
 */
const READS = ['lua/top-products.lua', 'lua/product-rank.lua'].flatMap((file) => {
  const text = loadScript(SCRIPTS, file);
  return [sha1(text), JSON.stringify(text).slice(1, 60)];
});

/** Counts the reads of rankings that a Redis carries out, as the server itself tells it. */
export class ReadsInRedis {
  private reads = 0;
  private readonly marks = new Set<string>();

  private constructor(private readonly client: Redis) {}

  /** Counts from now on, until the end of the test file. */
  static async watch(url: string): Promise<ReadsInRedis> {
    const client = openRedis(url);
    const { hostname, port } = new URL(url);
    // Not by ioredis: its monitor fails when the first command of others comes in one piece with the server's OK.
    const monitor = connect(Number(port), hostname);
    atEndOfFile(async () => void monitor.destroy());
    // The server may be killed before the end of the file.
    monitor.on('error', () => undefined);
    const watched = new ReadsInRedis(client);
    createInterface({ input: monitor }).on('line', (line) => watched.note(line));
    monitor.write('MONITOR\r\n');
    await watched.count();
    watched.reads = 0;
    return watched;
  }

  /** How many it has carried out by now. */
  async count(): Promise<number> {
    const mark = randomUUID();
    return await eventually(async () => {
      // Asked again until it is told: at first the server may not be telling yet.
      await this.client.echo(mark);
      if (!this.marks.has(mark)) throw new Error('the server has not told of everything yet');
      return this.reads;
    });
  }

  /** E.g. `+1795187957.001989 [0 127.0.0.1:41906] "evalsha" "<sha1>" "2" …`. */
  private note(line: string): void {
    const [, command = '', argument = ''] = /"(\w+)" "([^"]*)"/.exec(line) ?? [];
    if (command.toLowerCase() === 'echo') this.marks.add(argument);
    else if (READS.some((read) => argument.startsWith(read))) this.reads += 1;
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
