import { z } from 'zod';
import { id, nextCursor, won } from '../platform/http/response-schemas.js';

/** What the calls of this module answer, with examples: for the OpenAPI document, and for the types of the views. */

const PRODUCT = { productId: 7, name: '탁상 시계 화이트 (Desk clock, white)', price: 24_900, stock: 1200 };

export const productResponse = z
  .object({
    productId: id,
    name: z.string(),
    price: won.meta({ description: 'In won, for one piece' }),
    stock: z.int().min(0).meta({ description: 'Pieces left' }),
  })
  .meta({ id: 'Product', example: PRODUCT });

export const productListResponse = z
  .object({ products: z.array(productResponse), nextCursor })
  .meta({ id: 'ProductList', example: { products: [PRODUCT], nextCursor: 'Nw' } });
