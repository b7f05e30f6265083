import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The numbers of paid orders are read from the index alone, as their ids were before. Under the same name, which queries of
 * the version before want by FORCE INDEX, and in one statement: it is never missing.
 */
export class PutOrderNumbersIntoPaidIndex1763600000009 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE orders DROP INDEX ix_orders_paid, ADD INDEX ix_orders_paid (status, paid_at, id, order_number)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE orders DROP INDEX ix_orders_paid, ADD INDEX ix_orders_paid (status, paid_at, id)',
    );
  }
}
