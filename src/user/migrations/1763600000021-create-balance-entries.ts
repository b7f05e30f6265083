import type { MigrationInterface, QueryRunner } from 'typeorm';

/** So many users at once: a transaction of theirs is short, also on a Galera cluster. */
const CHUNK = 10_000;

/**
 * Every movement of a balance, and what the balances were before. The index is that of a user's list; with the amount in it
 * balances are audited from the index alone.
 *
 * Instances of the version before must have ended: what they charge and pay would leave no entry. Interrupted, it may run
 * again: a user who has an entry gets no other.
 */
export class CreateBalanceEntries1763600000021 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS balance_entries (
        id BIGINT NOT NULL AUTO_INCREMENT,
        user_id BIGINT NOT NULL,
        amount BIGINT NOT NULL,
        kind VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        order_id BIGINT NULL,
        created_at DATETIME(3) NOT NULL,
        PRIMARY KEY (id),
        KEY ix_balance_entries_user (user_id, created_at, id, amount)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    for (let after = 0; ;) {
      const [chunk] = (await queryRunner.query(
        `SELECT MAX(id) AS last FROM (SELECT id FROM users WHERE id > ? ORDER BY id LIMIT ${CHUNK}) AS chunk`,
        [after],
      )) as [{ last: string | number | null }];
      if (chunk.last === null) return;
      await queryRunner.query(
        `INSERT INTO balance_entries (user_id, amount, kind, order_id, created_at)
         SELECT id, balance, 'OPENING', NULL, UTC_TIMESTAMP(3) FROM users
          WHERE id > ? AND id <= ? AND balance <> 0
            AND NOT EXISTS (SELECT 1 FROM balance_entries entry WHERE entry.user_id = users.id)`,
        [after, chunk.last],
      );
      after = Number(chunk.last);
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE balance_entries');
  }
}
