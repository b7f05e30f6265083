import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { NewestPosition } from '../http/schemas.js';

/** What a list goes by: when its rows were made, and the id of those made in the same millisecond. */
interface Order {
  readonly time: string;
  readonly id: string;
}

interface Page {
  /** The last row seen. */
  readonly cursor?: NewestPosition | undefined;
  readonly limit: number;
}

/** Makes of a query a page of a list that has the newest first, from the row before `cursor` on; `order` as in its terms. */
export function newestFirst<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  { time, id }: Order,
  { cursor, limit }: Page,
): SelectQueryBuilder<T> {
  query.orderBy(time, 'DESC').addOrderBy(id, 'DESC').limit(limit);
  if (cursor === undefined) return query;
  const [seenAt, seenId] = cursor;
  return query.andWhere(`(${time} < :seenAt OR (${time} = :seenAt AND ${id} < :seenId))`, {
    seenAt: new Date(seenAt),
    seenId,
  });
}
