import { Redis } from 'ioredis';
import { createHash, randomUUID } from 'node:crypto';
import { loadScript } from '../../src/platform/redis/load-script.js';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';

const SCRIPTS = new URL('../../src/ranking/ranking-scripts.ts', import.meta.url).href;
const READS = ['lua/top-products.lua', 'lua/product-rank.lua'].map((file) => sha1(loadScript(SCRIPTS, file)));

/** Counts the reads of rankings that a Redis carries out, as the server itself tells it. */
export class ReadsInRedis {
  private reads = 0;
  private readonly marks = new Set<string>();

  private constructor(private readonly client: Redis) {}

  /** Counts from now on, until the end of the test file. */
  static async watch(url: string): Promise<ReadsInRedis> {
    const client = new Redis(url);
    const monitor = await client.monitor();
    atEndOfFile(async () => {
      for (const each of [client, monitor]) each.disconnect();
    });
    // The server may be killed before the end of the file.
    for (const each of [client, monitor]) each.on('error', () => undefined);
    const watched = new ReadsInRedis(client);
    monitor.on('monitor', (_time: string, [command = '', argument = '']: string[]) => watched.note(command, argument));
    return watched;
  }

  /** How many it has carried out by now. */
  async count(): Promise<number> {
    const mark = randomUUID();
    await this.client.echo(mark);
    return await eventually(() => {
      if (!this.marks.has(mark)) throw new Error('the server has not told of everything yet');
      return this.reads;
    });
  }

  private note(command: string, argument: string): void {
    if (command.toLowerCase() === 'echo') this.marks.add(argument);
    else if (READS.includes(argument)) this.reads += 1;
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
