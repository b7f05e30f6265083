import { describe, expect, it } from '@jest/globals';
import type { ArgumentMetadata } from '@nestjs/common';
import { z } from 'zod';
import { ValidationFailedError } from '../errors/platform.errors.js';
import { idParam } from './schemas.js';
import { ValidationPipe } from './validation.pipe.js';

const pipe = new ValidationPipe();
const order = z.strictObject({ userId: z.int(), items: z.array(z.strictObject({ quantity: z.int() })).optional() });

function body(schema: ArgumentMetadata['schema'] = order): ArgumentMetadata {
  return { type: 'body', metatype: Object, data: undefined, schema };
}

function issuesOf(value: unknown, metadata: ArgumentMetadata): unknown {
  try {
    pipe.transform(value, metadata);
  } catch (error) {
    if (error instanceof ValidationFailedError) return error.data['errors'];
    throw error;
  }
  return 'none';
}

describe('ValidationPipe', () => {
  it('hands on what the schema makes of a value, at once', () => {
    expect(pipe.transform('42', { type: 'param', data: 'couponId', metatype: Number, schema: idParam })).toBe(42);
    expect(pipe.transform({ userId: 1 }, body())).toEqual({ userId: 1 });
  });

  it('leaves alone what has no schema', () => {
    expect(pipe.transform('as it is', { type: 'query', metatype: String, data: 'x' })).toBe('as it is');
  });

  it('waits for a schema that takes its time', async () => {
    const slow = z.object({ userId: z.int().refine(async (value) => value > 1, 'must be more than 1') });

    await expect(pipe.transform({ userId: 2 }, body(slow))).resolves.toEqual({ userId: 2 });
    await expect(pipe.transform({ userId: 1 }, body(slow))).rejects.toBeInstanceOf(ValidationFailedError);
  });

  it('names every wrong value by its path, and every unknown field by its own', () => {
    expect(issuesOf({ userId: 'x', items: [{ quantity: 1 }, { quantity: 0.5, size: 1 }], a: 1, b: 2 }, body())).toEqual(
      [
        { path: 'userId', message: expect.stringContaining('number') },
        { path: 'items.1.quantity', message: expect.stringContaining('int') },
        { path: 'items.1.size', message: 'is not a field of this call' },
        { path: 'a', message: 'is not a field of this call' },
        { path: 'b', message: 'is not a field of this call' },
      ],
    );
  });

  it('names every unknown parameter of a query, also one without a name', () => {
    const query = { type: 'query', metatype: Object, schema: z.strictObject({}) } as const;
    const message = 'is not a parameter of this call';
    expect(issuesOf({ limit: '1', '': '2' }, query)).toEqual([
      { path: 'limit', message },
      { path: 'query', message },
    ]);
  });

  it('names the parameter of a path or a query', () => {
    expect(issuesOf('x', { type: 'param', data: 'couponId', metatype: Number, schema: idParam })).toEqual([
      { path: 'couponId', message: 'must be a whole number from 1 to 9007199254740991' },
    ]);
  });

  it.each([
    [undefined, 'is required, as a JSON object'],
    [null, 'must be a JSON object'],
    [[1], 'must be a JSON object'],
    ['text', 'must be a JSON object'],
    [5, 'must be a JSON object'],
  ])('names the body when it is %p', (value, message) => {
    expect(issuesOf(value, body())).toEqual([{ path: 'body', message }]);
  });

  it('does not turn a small request into a large answer', () => {
    const unknown = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`${n}`.padStart(1000, 'x'), 1]));
    const issues = issuesOf({ userId: 1, ...unknown }, body());

    expect(issues).toHaveLength(20);
    expect(JSON.stringify(issues).length).toBeLessThan(6_000);
  });
});
