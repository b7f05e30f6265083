import mysql from 'mysql2/promise';
import { atEndOfFile } from './cleanup.js';

/**
 * Lets a node of a Galera cluster lag behind: it takes what others commit, and does not apply it, nor does it slow them
 * down. Else it is well.
 */
export class LaggingNode {
  private constructor(private readonly connection: mysql.Connection) {}

  static async at(url: string): Promise<LaggingNode> {
    const connection = await mysql.createConnection(url);
    atEndOfFile(async () => connection.destroy());
    // Desynchronised it does not ask the others to wait for it.
    await connection.query('SET GLOBAL wsrep_desync = ON');
    await connection.query('FLUSH TABLES WITH READ LOCK');
    return new LaggingNode(connection);
  }

  /** From now on it catches up. */
  async end(): Promise<void> {
    await this.connection.query('UNLOCK TABLES');
    await this.connection.query('SET GLOBAL wsrep_desync = OFF');
  }
}
