import { Controller, Get, HttpStatus, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { productListResponse, productResponse } from './product.responses.js';
import { type ProductsQuery, productsQuery } from './product.schemas.js';
import { ProductService } from './product.service.js';

@ApiTags('products')
@Controller('api/products')
export class ProductController {
  constructor(private readonly products: ProductService) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'List the products', description: 'The newest first, in pages.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of products', standardSchema: productListResponse })
  @Problems('DATABASE_UNAVAILABLE')
  list(@Query({ schema: productsQuery }) page: ProductsQuery) {
    return this.products.list(page);
  }

  @Get(':productId')
  @Public()
  @ApiOperation({ summary: 'Show a product', description: 'With its price in won and the pieces that are left.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'The product', standardSchema: productResponse })
  @Problems('PRODUCT_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  get(@Param('productId', { schema: idParam }) productId: number) {
    return this.products.get(productId);
  }
}
