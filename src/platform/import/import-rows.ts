import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { MalformedJsonError, ValidationFailedError, type ValidationIssue } from '../errors/platform.errors.js';
import { parseJson } from '../http/body-parsing.js';
import { refusalOf } from '../http/validation.pipe.js';
import { csvFields } from './csv-fields.js';
import type { ImportFormat } from './import-source.js';
import type { Line } from './line-splitter.js';

/** What each line of an import has: the fields of an object, or the columns of CSV. */
export interface RowShape<Row> {
  readonly schema: z.ZodObject<z.core.$ZodShape> & z.ZodType<Row>;
  /** Columns of CSV that are numbers, where everything is text. */
  readonly numbers: readonly string[];
}

export const MAX_LINE_BYTES = 65_536;
/** Of a problem of a line as a whole. */
const LINE = 'line';
const QUOTES =
  'is no record of CSV: a field with quotes must stand in quotes, and each quote within it is written twice';
const BYTE_ORDER_MARK = '\uFEFF';
const WHOLE_NUMBER = /^-?\d{1,16}$/;

/** A row, or why a line is none. */
export type ReadRow<Row> = { readonly row: Row } | { readonly issue: ValidationIssue };

/** Makes rows of lines. */
export class RowReader<Row> {
  private columns: readonly string[] | undefined;

  constructor(
    private readonly format: ImportFormat,
    private readonly shape: RowShape<Row>,
  ) {}

  /**
   * Undefined for a line that is none of the rows: a blank one, and the head of CSV.
   *
   * @throws ValidationFailedError for a head that does not name the columns: then no line can be read
   */
  read({ number, bytes, isTooLong }: Line): ReadRow<Row> | undefined {
    if (isTooLong) return problem(`must not have more than ${MAX_LINE_BYTES} bytes; perhaps a quote is not closed`);
    if (!isUtf8(bytes)) return this.isHeadMissing() ? this.refuseHead('is not UTF-8') : problem('is not UTF-8');
    const text = number === 1 ? withoutMark(bytes.toString()) : bytes.toString();
    if (text.trim() === '') return undefined;
    if (this.format === 'ndjson') return this.readJson(text);
    if (!this.isHeadMissing()) return this.readRecord(text);
    this.columns = this.readHead(text);
    return undefined;
  }

  /** @throws ValidationFailedError for CSV without a head */
  end(): void {
    if (this.isHeadMissing()) this.refuseHead('is missing');
  }

  private isHeadMissing(): boolean {
    return this.format === 'csv' && this.columns === undefined;
  }

  private readJson(text: string): ReadRow<Row> {
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (error) {
      if (error instanceof MalformedJsonError) return problem(error.problem);
      throw error;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return problem('must be a JSON object');
    return this.validated(value);
  }

  private readRecord(text: string): ReadRow<Row> {
    const columns = this.columns as readonly string[];
    const fields = csvFields(text);
    if (fields === undefined) return problem(QUOTES);
    if (fields.length !== columns.length) {
      return problem(`has ${fields.length} columns, where the head has ${columns.length}`);
    }
    const named = columns.map((column, index) => [column, this.valueOf(column, fields[index] as string)]);
    return this.validated(Object.fromEntries(named));
  }

  /** An empty field is one that is left out. */
  private valueOf(column: string, field: string): string | number | undefined {
    if (field === '') return undefined;
    return this.shape.numbers.includes(column) && WHOLE_NUMBER.test(field) ? Number(field) : field;
  }

  private validated(value: object): ReadRow<Row> {
    const result = this.shape.schema.safeParse(value);
    if (result.success) return { row: result.data };
    const [issue] = refusalOf(result.error.issues, { type: 'body' }).issues;
    return { issue: issue as ValidationIssue };
  }

  private readHead(text: string): string[] {
    const { shape } = this.shape.schema;
    const columns = csvFields(text)?.map((column) => column.trim()) ?? this.refuseHead(QUOTES);
    const known = Object.keys(shape);
    const unknown = columns.find((column) => !known.includes(column));
    if (unknown !== undefined) return this.refuseHead(`must name columns of ${known.join(', ')} only`);
    if (new Set(columns).size < columns.length) return this.refuseHead('must name each column once');
    const missing = known.filter((column) => !columns.includes(column) && !mayBeLeftOut(shape[column]));
    if (missing.length > 0) return this.refuseHead(`must also name ${missing.join(', ')}`);
    return columns;
  }

  private refuseHead(message: string): never {
    throw new ValidationFailedError([{ path: 'head', message }]);
  }
}

function problem(message: string): { readonly issue: ValidationIssue } {
  return { issue: { path: LINE, message } };
}

function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

function mayBeLeftOut(schema: z.core.$ZodType | undefined): boolean {
  return schema !== undefined && z.safeParse(schema, undefined).success;
}
