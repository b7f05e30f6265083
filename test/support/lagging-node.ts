import { setTimeout as delay } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { atEndOfFile } from './cleanup.js';

/** How long a node lags that does so now and then, and how long it does not: less than a read waits for it. */
const LAGS_MS = 150;
const KEEPS_UP_MS = 50;

/**
 * Lets a node of a Galera cluster lag behind: it takes what others commit, and does not apply it, nor does it slow them
 * down. Else it is well.
 */
export class LaggingNode {
  private constructor(private readonly connection: mysql.Connection) {}

  static async at(url: string): Promise<LaggingNode> {
    const node = await LaggingNode.open(url);
    await node.begin();
    return node;
  }

  /** While `work` goes on the node lags again and again, for a moment. */
  static async nowAndThen<T>(url: string, work: Promise<T>): Promise<T> {
    const node = await LaggingNode.open(url);
    const over = new AbortController();
    const ended = work.finally(() => over.abort());
    while (!over.signal.aborted) {
      await node.begin();
      await delay(LAGS_MS);
      await node.end();
      await delay(KEEPS_UP_MS);
    }
    return await ended;
  }

  private static async open(url: string): Promise<LaggingNode> {
    const connection = await mysql.createConnection(url);
    atEndOfFile(async () => connection.destroy());
    return new LaggingNode(connection);
  }

  private async begin(): Promise<void> {
    // Desynchronised it does not ask the others to wait for it.
    await this.connection.query('SET GLOBAL wsrep_desync = ON');
    await this.connection.query('FLUSH TABLES WITH READ LOCK');
  }

  /** From now on it catches up. */
  async end(): Promise<void> {
    await this.connection.query('UNLOCK TABLES');
    await this.connection.query('SET GLOBAL wsrep_desync = OFF');
  }
}
