import { describe, expect, it } from '@jest/globals';
import { EventEmitter, once } from 'node:events';
import { Reading } from './reading.js';

function newReading(): { reading: Reading<string>; errors: unknown[] } {
  const errors: unknown[] = [];
  let now = 0;
  return {
    reading: new Reading({ waitMs: 20, now: () => (now += 1), onError: (error) => errors.push(error) }),
    errors,
  };
}

describe('a reading', () => {
  it('has the latest answer and its time', async () => {
    const { reading } = newReading();
    expect(reading).toMatchObject({ value: undefined, at: undefined, current: undefined });
    await reading.refresh(async () => 'a');
    await reading.refresh(async () => 'b');
    expect(reading).toMatchObject({ value: 'b', at: 2, current: 'b' });
  });

  it('keeps the answer of before when one fails, and says that it is no longer current', async () => {
    const { reading, errors } = newReading();
    await reading.refresh(async () => 'a');
    const failure = new Error('away');
    await reading.refresh(() => Promise.reject(failure));
    expect(reading).toMatchObject({ value: 'a', at: 1, current: undefined });
    expect(errors).toEqual([failure]);
  });

  it('does not wait for who hangs, does not ask again meanwhile, and takes the answer when it comes', async () => {
    const { reading } = newReading();
    const answer = new EventEmitter();
    let asked = 0;
    const ask = async (): Promise<string> => {
      asked += 1;
      const [value] = await once(answer, 'given');
      return value;
    };
    await reading.refresh(ask);
    await reading.refresh(ask);
    expect(asked).toBe(1);
    expect(reading.current).toBeUndefined();
    answer.emit('given', 'late');
    await reading.refresh(ask);
    expect(reading.current).toBe('late');
  });
});
