import { z } from 'zod';
import { cursorQuery, id, limitQuery } from '../platform/http/schemas.js';

/** What the calls of this module take. */

/** The cursor is the id of the last product seen. */
export const productsQuery = z.object({ cursor: cursorQuery(id), limit: limitQuery });
export type ProductsQuery = z.output<typeof productsQuery>;
