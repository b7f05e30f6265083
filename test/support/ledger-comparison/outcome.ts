import { isNativeError } from 'node:util/types';

interface DriverError {
  readonly errno?: number;
  readonly sqlMessage?: string;
}

/** What a call comes to, in a form that compares: its result as plain data, or which error it is. */
export async function outcomeOf(call: Promise<unknown>, { isUnordered = false } = {}): Promise<unknown> {
  try {
    const result = plain(await call);
    return isUnordered && Array.isArray(result) ? sorted(result) : result;
  } catch (error) {
    return errorOf(error);
  }
}

function errorOf(error: unknown): object {
  const wrapped: unknown = (error as { driverError?: unknown }).driverError;
  const { errno, sqlMessage = '' } = (isNativeError(wrapped) ? wrapped : error) as DriverError;
  if (errno === undefined) return { error: String(error) };
  // Later versions of MySQL write the table before the index.
  const index = /for key '(?:\w+\.)?(\w+)'/.exec(sqlMessage)?.[1];
  return index === undefined ? { errno } : { errno, index };
}

/** In the same order, whatever it was. */
export function sorted(values: readonly unknown[]): unknown[] {
  return [...values].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

/** Entities as their columns, maps and sets as lists, times as text. */
export function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map || value instanceof Set) return sorted([...value].map(plain));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  // The server's own clock, which no two of them share.
  return Object.fromEntries(entries.map(([key, each]) => [key, key === 'now' ? 'now' : plain(each)]));
}
