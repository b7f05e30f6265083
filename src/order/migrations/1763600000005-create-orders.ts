import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateOrders1763600000005 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE orders (
        id BIGINT NOT NULL AUTO_INCREMENT,
        order_number VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        user_id BIGINT NOT NULL,
        status VARCHAR(16) NOT NULL,
        subtotal_amount BIGINT NOT NULL,
        discount_amount BIGINT NOT NULL,
        total_amount BIGINT NOT NULL,
        user_coupon_id BIGINT NULL,
        created_at DATETIME(3) NOT NULL,
        paid_at DATETIME(3) NULL,
        PRIMARY KEY (id),
        UNIQUE KEY uq_orders_number (order_number),
        KEY ix_orders_newest (user_id, created_at, id),
        KEY ix_orders_newest_in_status (user_id, status, created_at, id),
        KEY ix_orders_paid (status, paid_at, id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    await queryRunner.query(`
      CREATE TABLE order_items (
        order_id BIGINT NOT NULL,
        product_id BIGINT NOT NULL,
        line_number INT NOT NULL,
        product_name VARCHAR(255) NOT NULL,
        unit_price BIGINT NOT NULL,
        quantity INT NOT NULL,
        PRIMARY KEY (order_id, product_id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE order_items, orders');
  }
}
