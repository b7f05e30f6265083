import type { ValueTransformer } from 'typeorm';

/** BIGINT as a number: TypeORM turns it into a string, and everything we store stays below 2^53. */
export const bigint: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};
