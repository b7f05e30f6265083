import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCoupons1763600000003 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE coupons (
        id BIGINT NOT NULL AUTO_INCREMENT,
        name VARCHAR(255) NOT NULL,
        total_quantity INT NOT NULL,
        issued_quantity INT NOT NULL DEFAULT 0,
        failed_quantity INT NOT NULL DEFAULT 0,
        discount_amount BIGINT NULL,
        discount_rate INT NULL,
        starts_at DATETIME(3) NOT NULL,
        expires_at DATETIME(3) NOT NULL,
        is_active BOOLEAN NOT NULL DEFAULT TRUE,
        audience VARCHAR(16) NOT NULL,
        code_format VARCHAR(16) NOT NULL,
        strategy VARCHAR(16) NOT NULL,
        version BIGINT NOT NULL DEFAULT 1,
        epoch BIGINT NOT NULL DEFAULT 0,
        sequence_base BIGINT NOT NULL DEFAULT 0,
        created_at DATETIME(3) NOT NULL,
        PRIMARY KEY (id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    await queryRunner.query(`
      CREATE TABLE user_coupons (
        id BIGINT NOT NULL AUTO_INCREMENT,
        coupon_id BIGINT NOT NULL,
        user_id BIGINT NOT NULL,
        sequence_number BIGINT NOT NULL,
        code VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
        issued_at DATETIME(3) NOT NULL,
        used_at DATETIME(3) NULL,
        PRIMARY KEY (id),
        UNIQUE KEY uq_user_coupons_user (coupon_id, user_id),
        UNIQUE KEY uq_user_coupons_code (coupon_id, code),
        UNIQUE KEY uq_user_coupons_sequence (coupon_id, sequence_number),
        KEY ix_user_coupons_newest (user_id, issued_at, id)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
    await queryRunner.query(`
      CREATE TABLE issuance_failures (
        id BIGINT NOT NULL AUTO_INCREMENT,
        coupon_id BIGINT NOT NULL,
        user_id BIGINT NOT NULL,
        sequence_number BIGINT NOT NULL,
        reason VARCHAR(64) NOT NULL,
        detail VARCHAR(1000) NOT NULL,
        failed_at DATETIME(3) NOT NULL,
        retried_at DATETIME(3) NULL,
        PRIMARY KEY (id),
        UNIQUE KEY uq_issuance_failures_reservation (coupon_id, user_id, sequence_number),
        KEY ix_issuance_failures_sequence (coupon_id, sequence_number)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE issuance_failures, user_coupons, coupons');
  }
}
