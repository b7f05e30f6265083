import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Silence, SILENCE_MS } from './silence.js';

let timesSilent: number;
let silence: Silence;

beforeEach(() => {
  jest.useFakeTimers();
  timesSilent = 0;
  silence = new Silence(() => (timesSilent += 1));
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the silence of a server', () => {
  it('begins with the first question that is not answered, and is told once', async () => {
    silence.asked();
    await jest.advanceTimersByTimeAsync(SILENCE_MS / 2);
    silence.asked();
    await jest.advanceTimersByTimeAsync(SILENCE_MS / 2 - 1);
    expect(timesSilent).toBe(0);
    await jest.advanceTimersByTimeAsync(2);
    expect(timesSilent).toBe(1);
    await jest.advanceTimersByTimeAsync(10 * SILENCE_MS);
    expect(timesSilent).toBe(1);
  });

  it('ends with any answer, and there is none where nothing was asked', async () => {
    silence.asked();
    await jest.advanceTimersByTimeAsync(SILENCE_MS - 1);
    silence.heard();
    await jest.advanceTimersByTimeAsync(10 * SILENCE_MS);
    expect(timesSilent).toBe(0);
  });

  it('is no silence when the answer was there, and this process did not look', () => {
    silence.asked();
    // It stood still: what has arrived is read after the timers that are due, before what was put off to the next turn.
    jest.advanceTimersByTime(SILENCE_MS);
    silence.heard();
    jest.runAllTimers();
    expect(timesSilent).toBe(0);
  });
});
