import type { ValueTransformer } from 'typeorm';

/** BIGINT as a number: TypeORM turns it into a string, and everything we store stays below 2^53. */
export const bigint: ValueTransformer = {
  to: (value: number | null | undefined) => value,
  from: (value: string | number | null) => (value === null ? null : Number(value)),
};

/** A list of numbers as JSON in a text column. */
export const numberList: ValueTransformer = {
  to: (value: readonly number[] | null | undefined) => value && JSON.stringify(value),
  from: (value: string | null) => (value === null ? null : (JSON.parse(value) as number[])),
};
