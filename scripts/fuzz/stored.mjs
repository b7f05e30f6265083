/** What MySQL and Redis hold, as one can compare it. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';

/** A name for each table and key, and what is in it, in short. @typedef {Map<string, string>} Digest */

/**
 * Written without being asked: by probes, backups, and those who tell others of what was decided. And the trail of operators,
 * which has what they tried as well, where what they do begins before one knows how it ends.
 */
const NOT_JUDGED = new Set([
  'admin_actions',
  'database_probes',
  'product_ranking_backups',
  'product_ranking_backup_days',
  'relay_leases',
  'outbox_progress',
  'outbox_deliveries',
]);
/** MariaDB's checksum of a virtual column is of whatever lies in memory there: these are read. */
const WITH_VIRTUAL_COLUMNS = new Set(['coupons']);
const KEYS_OF_JOBS = /^firstcome:|^ranking:turn:|:(?:reconciled|reconciling)$/;

const STILL_FOR_MS = 400;
const PATIENCE_MS = 60_000;

export class Stored {
  #database;
  #redis;

  /** @param {mysql.Connection} database @param {Redis} redis */
  constructor(database, redis) {
    this.#database = database;
    this.#redis = redis;
  }

  /** @param {{ mysql: { url: string }, redis: { url: string } }} services */
  static async open(services) {
    return new Stored(await mysql.createConnection(services.mysql.url), new Redis(services.redis.url));
  }

  async close() {
    this.#redis.disconnect();
    await this.#database.end();
  }

  /** When what was accepted has been issued and told: the same for a while. @returns {Promise<Digest>} */
  async whenStill() {
    const endsAt = Date.now() + PATIENCE_MS;
    for (let before = await this.digest(); ;) {
      await sleep(STILL_FOR_MS);
      const after = await this.digest();
      const changed = differences(before, after);
      if (changed.length === 0) return after;
      if (Date.now() > endsAt) throw new Error(`Nobody asks for anything, and yet this changes: ${changed.join(', ')}`);
      before = after;
    }
  }

  /** @returns {Promise<Digest>} */
  async digest() {
    const [tables, keys] = await Promise.all([this.#tables(), this.#keys()]);
    return new Map([...tables, ...keys]);
  }

  /** @returns {Promise<Array<[string, string]>>} */
  async #tables() {
    const [tables] = await this.#database.query('SHOW TABLES');
    const names = /** @type {object[]} */ (tables).map((row) => String(Object.values(row)[0]));
    const wanted = names.filter((name) => !NOT_JUDGED.has(name) && !WITH_VIRTUAL_COLUMNS.has(name));
    const escaped = wanted.map((name) => this.#database.escapeId(name));
    const [rows] = await this.#database.query(`CHECKSUM TABLE ${escaped.join(', ')} EXTENDED`);
    const sums = /** @type {Array<{ Table: string, Checksum: number }>} */ (rows);
    const read = [...WITH_VIRTUAL_COLUMNS].map((name) => this.#contents(name));
    return [
      ...sums.map(
        ({ Table: table, Checksum: sum }) => /** @type {[string, string]} */ ([`table ${table}`, String(sum)]),
      ),
      ...(await Promise.all(read)),
    ];
  }

  /** @param {string} table @returns {Promise<[string, string]>} */
  async #contents(table) {
    const [rows] = await this.#database.query(`SELECT * FROM ${this.#database.escapeId(table)} ORDER BY 1`);
    return [`table ${table}`, createHash('sha256').update(JSON.stringify(rows)).digest('base64')];
  }

  /** @returns {Promise<Array<[string, string]>>} */
  async #keys() {
    /** @type {Array<[string, string]>} */
    const digests = [];
    let cursor = '0';
    do {
      const [next, found] = await this.#redis.scan(cursor, 'COUNT', 1_000);
      cursor = next;
      const keys = found.filter((key) => !KEYS_OF_JOBS.test(key));
      const dumps = await Promise.all(keys.map((key) => this.#redis.dumpBuffer(key)));
      for (const [index, key] of keys.entries())
        digests.push([
          `key ${key}`,
          createHash('sha1')
            .update(dumps[index] ?? '')
            .digest('hex'),
        ]);
    } while (cursor !== '0');
    return digests;
  }
}

/** The names of what is not the same. @type {(before: Digest, after: Digest) => string[]} */
export function differences(before, after) {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}
