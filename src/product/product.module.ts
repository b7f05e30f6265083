import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ProductNames } from './product-names.service.js';
import { Product } from './product.entity.js';
import { ProductRepository } from './product.repository.js';

@Module({
  imports: [TypeOrmModule.forFeature([Product])],
  providers: [ProductRepository, ProductNames],
  exports: [ProductRepository, ProductNames],
})
export class ProductModule {}
