import { Injectable } from '@nestjs/common';
import type { ValidationIssue } from '../errors/platform.errors.js';
import { ImportTooLongError } from './import.errors.js';
import type { ImportProgress } from './import-progress.js';
import { MAX_LINE_BYTES, type ReadRow, RowReader, type RowShape } from './import-rows.js';
import type { ImportSource } from './import-source.js';
import { type Line, LineSplitter } from './line-splitter.js';
import type { RowOutcome } from './row-outcome.js';

const MAX_LINES = 1_000_000;
/** Lines of a transaction. */
const CHUNK_SIZE = 1_000;

/** What is imported, and where to. */
export interface ImportTarget<Row> extends RowShape<Row> {
  /** Writes the rows in one transaction; what became of each, in the same order. */
  write(rows: readonly Row[]): Promise<readonly RowOutcome[]>;
}

/** Lines that were read, until they are written. */
interface Chunk<Row> {
  readonly rows: Array<{ readonly line: number; readonly row: Row }>;
  readonly issues: Array<{ readonly line: number; readonly issue: ValidationIssue }>;
}

/**
 * Carries out imports: reads the lines as they arrive, and no faster than they are written, 1,000 of them in a transaction.
 * What is committed stays when an import ends in the middle; the same file may be sent again.
 *
 * Of all imports of a process one writes at a time, chunk by chunk, so that they never take more than one connection.
 */
@Injectable()
export class Importer {
  private turn: Promise<unknown> = Promise.resolve();

  /**
   * @param progress of a new import; has what was committed also when this throws
   * @throws ValidationFailedError for CSV whose head does not name the columns, and then nothing is written;
   *   ImportTooLongError, and what `target.write` throws
   */
  async run<Row>(
    { format, body, release }: ImportSource,
    target: ImportTarget<Row>,
    progress: ImportProgress,
    maxLines = MAX_LINES,
  ): Promise<void> {
    const reader = new RowReader(format, target);
    const splitter = new LineSplitter(MAX_LINE_BYTES, format === 'csv');
    let chunk = newChunk<Row>();
    let lines = 0;
    try {
      for await (const line of linesOf(body, splitter)) {
        const read = reader.read(line);
        if (read === undefined) continue;
        if (lines === maxLines) throw new ImportTooLongError(maxLines, line.number);
        lines += 1;
        add(chunk, line, read);
        if (lines % CHUNK_SIZE > 0) continue;
        await this.write(chunk, target, progress);
        chunk = newChunk();
      }
      reader.end();
      await this.write(chunk, target, progress);
    } finally {
      release();
    }
  }

  private async write<Row>({ rows, issues }: Chunk<Row>, target: ImportTarget<Row>, progress: ImportProgress) {
    const outcomes = rows.length === 0 ? [] : await this.inTurn(() => target.write(rows.map(({ row }) => row)));
    for (const [index, { line }] of rows.entries()) progress.add(line, outcomes[index] as RowOutcome);
    for (const { line, issue } of issues) progress.add(line, issue);
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const written = this.turn.then(work);
    this.turn = Promise.allSettled([written]);
    return await written;
  }
}

async function* linesOf(body: ImportSource['body'], splitter: LineSplitter): AsyncGenerator<Line> {
  // The stream belongs to a request that is still to be answered.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) yield* splitter.split(chunk as Buffer);
  yield* splitter.end();
}

function newChunk<Row>(): Chunk<Row> {
  return { rows: [], issues: [] };
}

function add<Row>(chunk: Chunk<Row>, { number }: Line, read: ReadRow<Row>): void {
  if ('row' in read) chunk.rows.push({ line: number, row: read.row });
  else chunk.issues.push({ line: number, issue: read.issue });
}
