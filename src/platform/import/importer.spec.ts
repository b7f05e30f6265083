import { describe, expect, it, jest } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { ImportTooLongError } from './import.errors.js';
import { ImportProgress } from './import-progress.js';
import type { ImportSource } from './import-source.js';
import { Importer } from './importer.service.js';
import type { RowOutcome } from './row-outcome.js';

interface Row {
  readonly id: number;
}

const SHAPE = { schema: z.strictObject({ id: z.int() }), numbers: ['id'] };

const release = () => undefined;

/** The file of so many lines, which says how many have been taken from it. */
function file(lines: number, lineOf = (line: number) => `{"id":${line}}`) {
  const taken = { lines: 0 };
  function* chunks() {
    for (let line = 1; line <= lines; line += 1) {
      taken.lines += 1;
      yield Buffer.from(`${lineOf(line)}\n`);
    }
  }
  const source: ImportSource = { format: 'ndjson', body: Readable.from(chunks(), { highWaterMark: 1 }), release };
  return { source, taken };
}

function target(write: (rows: readonly Row[]) => Promise<readonly RowOutcome[]>) {
  const written = jest.fn(write);
  return { ...SHAPE, write: written, sizes: () => written.mock.calls.map(([rows]) => rows.length) };
}

const createdEach = async (rows: readonly Row[]): Promise<RowOutcome[]> => rows.map(() => 'created');

describe('Importer', () => {
  it('writes 1,000 lines at a time, those that are right', async () => {
    const progress = new ImportProgress();
    const into = target(createdEach);
    const { source } = file(2_500, (line) => (line % 10 === 0 ? 'none' : `{"id":${line}}`));
    await new Importer().run(source, into, progress);
    expect(into.sizes()).toEqual([900, 900, 450]);
    expect(progress.report()).toMatchObject({ lines: 2_500, created: 2_250, rejected: 250 });
    expect(progress.report().errors).toEqual(
      Array.from({ length: 100 }, (_, index) => ({
        line: index * 10 + 10,
        path: 'line',
        message: 'is not valid JSON',
      })),
    );
  });

  it('tells the wrong lines in their order, whoever found them', async () => {
    const progress = new ImportProgress();
    const taken = { path: 'id', message: 'is taken' };
    const into = target(async (rows) => rows.map(() => taken));
    const { source } = file(4, (line) => (line % 2 === 0 ? 'none' : `{"id":${line}}`));
    await new Importer().run(source, into, progress);
    expect(progress.report().errors.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '1 id',
      '2 line',
      '3 id',
      '4 line',
    ]);
  });

  it('reads no faster than is written', async () => {
    const letGo = new EventEmitter();
    const into = target(async (rows) => {
      if (into.sizes().length === 1) await once(letGo, 'now');
      return await createdEach(rows);
    });
    const { source, taken } = file(10_000);
    const running = new Importer().run(source, into, new ImportProgress());
    for (let turn = 0; turn < 5_000; turn += 1) await new Promise(setImmediate);
    expect(into.sizes()).toEqual([1_000]);
    expect(taken.lines).toBeLessThan(1_100);
    letGo.emit('now');
    await running;
    expect(taken.lines).toBe(10_000);
  });

  it('has imports write in turn, and one that fails harms no other', async () => {
    let writing = 0;
    const into = target(async (rows) => {
      writing += 1;
      expect(writing).toBe(1);
      await new Promise(setImmediate);
      writing -= 1;
      if (rows.some(({ id }) => id === 7_000)) throw new Error('no answer');
      return await createdEach(rows);
    });
    const importer = new Importer();
    const progress = [5_000, 10_000, 5_000].map((lines) => ({ of: new ImportProgress(), lines }));
    const ended = await Promise.allSettled(progress.map(({ of, lines }) => importer.run(file(lines).source, into, of)));
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(progress.map(({ of }) => of.summary().created)).toEqual([5_000, 6_000, 5_000]);
  });

  it('ends with the line after the last one that there may be, when those before are written', async () => {
    const progress = new ImportProgress();
    const into = target(createdEach);
    const run = new Importer().run(file(3_000, (line) => `\n{"id":${line}}`).source, into, progress, 2_000);
    await expect(run).rejects.toThrow(ImportTooLongError);
    await expect(run).rejects.toMatchObject({ code: 'BODY_TOO_LARGE', data: { line: 4_002 } });
    expect(progress.summary()).toMatchObject({ lines: 2_000, created: 2_000 });
  });

  it('writes nothing of a line that was cut off', async () => {
    const into = target(createdEach);
    const progress = new ImportProgress();
    const body = Readable.from(
      (async function* () {
        yield Buffer.from('{"id":1}\n'.repeat(1_500));
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      })(),
    );
    await expect(new Importer().run({ format: 'ndjson', body, release }, into, progress)).rejects.toThrow('aborted');
    expect(progress.summary()).toMatchObject({ lines: 1_000, created: 1_000 });
  });
});
