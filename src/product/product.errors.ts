import { DomainError } from '../platform/errors/domain-error.js';

declare module '../platform/errors/error-codes.js' {
  interface ErrorCodes {
    product: 'PRODUCT_NOT_FOUND' | 'OUT_OF_STOCK';
  }
}

/** No product has this id. */
export class ProductNotFoundError extends DomainError {
  constructor(productId: number) {
    super('PRODUCT_NOT_FOUND', `There is no product ${productId}. GET /api/products lists those there are.`, {
      productId,
    });
  }
}

/** Fewer pieces are left than were asked for. */
export class OutOfStockError extends DomainError {
  constructor(productId: number, quantity: number) {
    super(
      'OUT_OF_STOCK',
      `Fewer than ${quantity} pieces of product ${productId} are left. GET /api/products/${productId} says how many.`,
      { productId, quantity },
    );
  }
}
