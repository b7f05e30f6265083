import { z } from 'zod';

/** What the calls of this module answer, with examples; for the OpenAPI document only. */

const PRODUCT = { productId: 7, name: '탁상 시계 화이트 (Desk clock, white)', price: 24_900, stock: 1200 };

const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'Goes into cursor of the next call; null on the last page' });

export const productResponse = z
  .object({
    productId: z.int().min(1),
    name: z.string(),
    price: z.int().min(0).meta({ description: 'In won, for one piece' }),
    stock: z.int().min(0).meta({ description: 'Pieces left' }),
  })
  .meta({ example: PRODUCT });

export const productListResponse = z
  .object({ products: z.array(productResponse), nextCursor })
  .meta({ example: { products: [PRODUCT], nextCursor: 'Nw' } });
