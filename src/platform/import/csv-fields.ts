import { parse } from 'csv-parse/sync';
import { isNativeError } from 'node:util/types';

/** The fields of a record (RFC 4180); undefined for one whose quotes are not as they must be. */
export function csvFields(record: string): string[] | undefined {
  // Most records have none, and for these there is nothing to parse.
  if (!record.includes('"')) return record.split(',');
  try {
    const records = parse(record, { record_delimiter: '\n' });
    return records.length === 1 ? records[0] : undefined;
  } catch (error) {
    // Not instanceof: the tests run in another realm than the library.
    if (isNativeError(error) && error.name === 'Error' && 'code' in error) return undefined;
    throw error;
  }
}
