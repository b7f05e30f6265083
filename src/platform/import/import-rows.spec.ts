import { describe, expect, it } from '@jest/globals';
import { array, assert, boolean, constantFrom, integer, property, record, string } from 'fast-check';
import { z } from 'zod';
import { ValidationFailedError } from '../errors/platform.errors.js';
import { optional } from '../http/schemas.js';
import { MAX_LINE_BYTES, type ReadRow, RowReader } from './import-rows.js';
import type { ImportFormat } from './import-source.js';
import { LineSplitter } from './line-splitter.js';

interface Row {
  readonly id: number;
  readonly name: string;
  readonly note?: string | undefined;
}

const SHAPE = {
  schema: z.strictObject({ id: z.int({ error: 'must be a number' }), name: z.string(), note: optional(z.string()) }),
  numbers: ['id'],
};

type NumberedRow = ReadRow<Row> & { readonly line: number };

/** What is read of a text that arrives in these pieces. */
function rowsOf(format: ImportFormat, pieces: readonly Buffer[]): NumberedRow[] {
  const splitter = new LineSplitter(MAX_LINE_BYTES, format === 'csv');
  const reader = new RowReader<Row>(format, SHAPE);
  const lines = [...pieces.flatMap((piece) => Array.from(splitter.split(piece))), ...splitter.end()];
  const rows = lines.flatMap((line): NumberedRow[] => {
    const read = reader.read(line);
    return read === undefined ? [] : [{ ...read, line: line.number }];
  });
  reader.end();
  return rows;
}

function ndjson(text: string | Buffer) {
  return rowsOf('ndjson', [Buffer.from(text)]);
}

function csv(text: string | Buffer) {
  return rowsOf('csv', [Buffer.from(text)]);
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}

function written(field: string, quoteAll: boolean): string {
  return quoteAll || /[",\n\r]/.test(field) || field.trim() !== field ? quoted(field) : field;
}

/** The bytes in pieces of these lengths, over and over. */
function inPieces(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let from = 0, index = 0; from < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    pieces.push(bytes.subarray(from, from + length));
    from += length;
  }
  return pieces;
}

function problem(line: number, message: unknown) {
  return { line, issue: { path: 'line', message } };
}

function headProblem(text: string): string | undefined {
  try {
    csv(text);
  } catch (error) {
    if (error instanceof ValidationFailedError) return error.message;
    throw error;
  }
  return undefined;
}

const lengths = array(integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
const text = string({ unit: constantFrom('a', '"', ',', '\n', '\r', ' ', '가', '🎁', ';'), maxLength: 12 });
const rows = array(record({ id: integer({ min: 0, max: 9e15 }), name: text, note: text }), { maxLength: 20 });

describe('CSV', () => {
  it('is read as it was written, whatever is quoted, however it is cut, with the line on which each record begins', () => {
    assert(
      property(rows, lengths, boolean(), constantFrom('\n', '\r\n'), (drawn, cuts, quoteAll, ending) => {
        const records = drawn.map(({ id, name, note }) => [
          String(id),
          written(name, quoteAll),
          written(note, quoteAll),
        ]);
        const file = [['id', 'name', 'note'], ...records].map((fields) => fields.join(',') + ending);
        const expected = drawn.map(({ id, name, note }, index) => {
          const line = file
            .slice(0, index + 1)
            .join('')
            .split('\n').length;
          if (name === '') return { line, issue: { path: 'name', message: expect.any(String) } };
          return { line, row: { id, name, note: note === '' ? undefined : note } };
        });
        expect(rowsOf('csv', inPieces(Buffer.from(file.join('')), cuts))).toEqual(expected);
      }),
    );
  });

  it('may begin with a byte order mark, end without a line feed, and have blank lines and its columns in any order', () => {
    expect(csv('\uFEFF"name", id \r\n\r\nAnn,1\n\nBob,2')).toEqual([
      { line: 3, row: { id: 1, name: 'Ann', note: undefined } },
      { line: 5, row: { id: 2, name: 'Bob', note: undefined } },
    ]);
  });

  it.each([
    ['nothing', '', 'head: is missing'],
    ['blank lines', '\n\n', 'head: is missing'],
    ['an unknown column', 'id,name,colour\n1,a,b', 'head: must name columns of id, name, note only'],
    ['a column twice', 'id,name,id\n1,a,1', 'head: must name each column once'],
    ['too few columns', 'name\na', 'head: must also name id'],
    ['no head', '1,a,b\n', 'head: must name columns of id, name, note only'],
    ['a head with a wrong quote', 'id,na"me\n', expect.stringMatching(/^head: is no record of CSV/)],
  ])('is refused as a whole for %s', (_name, file, message) => {
    expect(headProblem(file)).toEqual(message);
  });

  it('tells of each line what is wrong with it, and reads the others', () => {
    const bad = ['1,a', '2,a,b,c', 'x,a,b', '3,a"b,c', '4,"a"b,c', '1e3,a,b', ' 5,a,b'];
    const found = csv(['id,name,note', ...bad, '6,good,'].join('\n'));
    expect(found).toEqual([
      problem(2, 'has 2 columns, where the head has 3'),
      problem(3, 'has 4 columns, where the head has 3'),
      { line: 4, issue: { path: 'id', message: 'must be a number' } },
      problem(5, expect.stringMatching(/^is no record of CSV/)),
      problem(6, expect.stringMatching(/^is no record of CSV/)),
      { line: 7, issue: { path: 'id', message: 'must be a number' } },
      { line: 8, issue: { path: 'id', message: 'must be a number' } },
      { line: 9, row: { id: 6, name: 'good', note: undefined } },
    ]);
  });

  it('does not lose everything after a quote that nobody has closed', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index},name`);
    const found = rowsOf('csv', inPieces(Buffer.from(`id,name\n1,"open\n${lines.join('\n')}\n`), [1_000]));
    expect(found[0]).toEqual(problem(2, expect.stringMatching(/perhaps a quote is not closed/)));
    expect(found.length).toBeGreaterThan(lines.length / 2);
    expect(found.at(-1)).toEqual({ line: 20_002, row: { id: 19_999, name: 'name', note: undefined } });
  });
});

describe('NDJSON', () => {
  it('is read as it was written, however it is cut', () => {
    assert(
      property(rows, lengths, constantFrom('\n', '\r\n', '\n\n'), (drawn, cuts, ending) => {
        const file = drawn.map((row) => JSON.stringify(row) + ending).join('');
        const step = ending === '\n\n' ? 2 : 1;
        const expected = drawn.map((row, index) => ({ line: index * step + 1, row }));
        expect(rowsOf('ndjson', inPieces(Buffer.from(file), cuts))).toEqual(expected);
      }),
    );
  });

  it('tells of each line what is wrong with it, and reads the others', () => {
    const bad = [
      '{"id":1,"name":"a"',
      '[]',
      'null',
      '{"id":"1","name":"a"}',
      '{"id":1,"name":"a","more":1}',
      String.raw`{"id":1,"name":"\ud83c"}`,
      '{"__proto__":1,"id":1,"name":"a"}',
      `{"id":1,"name":"${'x'.repeat(MAX_LINE_BYTES)}"}`,
    ];
    const notUtf8 = Buffer.concat([Buffer.from('{"id":1,"name":"'), Buffer.from([0xc4, 0xed]), Buffer.from('"}\n')]);
    const good = '\uFEFF{"id":7,"name":"가","note":null}\n';
    const found = ndjson(Buffer.concat([Buffer.from(good), notUtf8, Buffer.from(bad.join('\n'))]));
    expect(found).toEqual([
      { line: 1, row: { id: 7, name: '가', note: undefined } },
      problem(2, 'is not UTF-8'),
      problem(3, 'is not valid JSON'),
      problem(4, 'must be a JSON object'),
      problem(5, 'must be a JSON object'),
      { line: 6, issue: { path: 'id', message: 'must be a number' } },
      { line: 7, issue: { path: 'more', message: 'is not a field of this call' } },
      problem(8, expect.stringMatching(/surrogate/)),
      { line: 9, issue: { path: '__proto__', message: 'is not a field of this call' } },
      problem(10, expect.stringMatching(/bytes/)),
    ]);
  });

  it('of nothing has no rows', () => {
    expect(ndjson('')).toEqual([]);
  });
});
