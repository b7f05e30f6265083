import { z } from 'zod';
import { cursorQuery, id, limitQuery, newestPosition, optional, visibleText } from '../platform/http/schemas.js';
import { idempotencyKey } from '../platform/idempotency/idempotency-key.js';

/** What the calls of this module take. */

export const productsQuery = z.strictObject({ cursor: cursorQuery(newestPosition), limit: limitQuery });
export type ProductsQuery = z.output<typeof productsQuery>;

const MAX_NAME_LENGTH = 255;
/** With the largest order, of 10,000 pieces, the sum is still an exact number in JSON. */
const MAX_PRICE = 900_000_000_000;
/** Above this a stock would no longer be an exact number in JSON. */
export const MAX_STOCK = Number.MAX_SAFE_INTEGER;
const DELTA_ERROR = `must be a whole number other than 0, from -${MAX_STOCK} to ${MAX_STOCK}`;

const productName = visibleText(MAX_NAME_LENGTH, `must be text of 1 to ${MAX_NAME_LENGTH} visible characters`);
const productPrice = wholeNumberFrom0(MAX_PRICE).meta({ description: 'In won, for one piece' });
const productStock = wholeNumberFrom0(MAX_STOCK);

export const putProductBody = z
  .strictObject({
    name: productName,
    price: productPrice,
    stock: optional(productStock).meta({ description: 'Pieces there are: of a new product, which needs it' }),
  })
  .meta({ id: 'PutProductRequest', example: { name: '탁상 시계 화이트 (Desk clock, white)', price: 24_900 } });
export type PutProduct = z.output<typeof putProductBody>;

export const changeStockBody = z
  .strictObject({
    delta: z
      .int({ error: DELTA_ERROR })
      .refine((delta) => delta !== 0, { error: DELTA_ERROR })
      .meta({ description: 'Pieces that are added; below zero: taken away' }),
    idempotencyKey,
  })
  .meta({ id: 'ChangeStockRequest', example: { delta: 300, idempotencyKey: 'delivery-2026-11-20-0001' } });
export type ChangeStock = z.output<typeof changeStockBody>;

/** A line of an import. */
export const importedProduct = z.strictObject({
  productId: id,
  name: productName,
  price: productPrice,
  stock: optional(productStock),
});

function wholeNumberFrom0(max: number) {
  const error = `must be a whole number from 0 to ${max}`;
  return z.int({ error }).min(0, { error }).max(max, { error });
}
