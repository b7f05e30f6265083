import { Body, Controller, Headers, HttpCode, HttpStatus, Param, Post, Put, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Actor, ByActor, NeedsRole } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import {
  ApiIdempotencyKey,
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeyOf,
} from '../platform/idempotency/idempotency-key.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { ProductAdministration } from './product-administration.service.js';
import { productResponse } from './product.responses.js';
import { type ChangeStock, changeStockBody, type PutProduct, putProductBody } from './product.schemas.js';

@ApiTags('products')
@Controller('api/products')
export class ProductAdministrationController {
  constructor(private readonly products: ProductAdministration) {}

  @Put(':productId')
  @NeedsRole('admin')
  @ApiOperation({
    summary: 'Put up or change a product',
    description:
      'Puts up the product under this id, with its stock, or replaces name and price of the one which has it; its stock is ' +
      'changed by `POST /api/products/{productId}/stock` only. Orders keep the price that they were placed at, and lists ' +
      'may show an old name for half a minute.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The product was there', standardSchema: productResponse })
  @ApiResponse({
    status: HttpStatus.CREATED,
    description: 'The product is put up',
    headers: {
      Location: { description: 'Where the product is', schema: { type: 'string' }, example: '/api/products/7' },
    },
    standardSchema: productResponse,
  })
  @Problems('DATABASE_UNAVAILABLE')
  async put(
    @Param('productId', { schema: idParam }) productId: number,
    @Body({ schema: putProductBody }) body: PutProduct,
    @ByActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { product, isNew } = await this.products.put({ productId, ...body }, actor);
    if (isNew) void reply.code(HttpStatus.CREATED).header('location', `/api/products/${productId}`);
    return product;
  }

  @Post(':productId/stock')
  @NeedsRole('admin')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Change the stock of a product',
    description:
      'Adds the pieces, or takes them away where `delta` is below zero. With an idempotency key it is done once, however ' +
      'often the request is repeated.',
  })
  @ApiIdempotencyKey()
  @ApiResponse({ status: HttpStatus.OK, description: 'The product after it', standardSchema: productResponse })
  @Problems('PRODUCT_NOT_FOUND', 'OUT_OF_STOCK', 'DATABASE_UNAVAILABLE')
  changeStock(
    @Param('productId', { schema: idParam }) productId: number,
    @Body({ schema: changeStockBody }) body: ChangeStock,
    @Headers(IDEMPOTENCY_KEY_HEADER) header: string | undefined,
    @ByActor() actor: Actor,
  ) {
    return this.products.changeStock({ productId, delta: body.delta }, actor, idempotencyKeyOf(body, header));
  }
}
