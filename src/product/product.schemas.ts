import { z } from 'zod';
import { cursorQuery, limitQuery, newestPosition } from '../platform/http/schemas.js';

/** What the calls of this module take. */

export const productsQuery = z.strictObject({ cursor: cursorQuery(newestPosition), limit: limitQuery });
export type ProductsQuery = z.output<typeof productsQuery>;
