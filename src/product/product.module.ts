import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IdempotencyModule } from '../platform/idempotency/idempotency.module.js';
import { ProductAdministrationController } from './product-administration.controller.js';
import { ProductAdministration } from './product-administration.service.js';
import { ProductImportController } from './product-import.controller.js';
import { ProductImport } from './product-import.service.js';
import { ProductNames } from './product-names.service.js';
import { ProductSeeding } from './product-seeding.repository.js';
import { ProductController } from './product.controller.js';
import { Product } from './product.entity.js';
import { ProductRepository } from './product.repository.js';
import { ProductService } from './product.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Product]), IdempotencyModule],
  controllers: [ProductController, ProductAdministrationController, ProductImportController],
  providers: [ProductRepository, ProductService, ProductAdministration, ProductImport, ProductNames, ProductSeeding],
  exports: [ProductService, ProductNames, ProductSeeding],
})
export class ProductModule {}
