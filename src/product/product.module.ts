import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ProductNames } from './product-names.service.js';
import { ProductSeeding } from './product-seeding.repository.js';
import { ProductController } from './product.controller.js';
import { Product } from './product.entity.js';
import { ProductRepository } from './product.repository.js';
import { ProductService } from './product.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Product])],
  controllers: [ProductController],
  providers: [ProductRepository, ProductService, ProductNames, ProductSeeding],
  exports: [ProductService, ProductNames, ProductSeeding],
})
export class ProductModule {}
