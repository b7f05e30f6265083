import { describe, expect, it } from '@jest/globals';
import { CouponCodeGenerator } from './coupon-code.js';

const DRAWS = 50_000;

function drawMany(format: 'alphanumeric' | 'hangul'): string[] {
  const generator = new CouponCodeGenerator();
  return Array.from({ length: DRAWS }, () => generator.draw(format) ?? '');
}

/** Pearson's statistic of how often each of `size` characters was drawn. */
function chiSquare(codes: string[], size: number): number {
  const counts = new Map<string, number>();
  for (const character of codes.join('')) counts.set(character, (counts.get(character) ?? 0) + 1);
  expect(counts.size).toBe(size);
  const expected = codes.join('').length / size;
  return [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe('CouponCodeGenerator', () => {
  it('draws no code for a coupon without codes', () => {
    expect(new CouponCodeGenerator().draw('none')).toBeNull();
  });

  it('draws alphanumeric codes of 12 characters without look-alikes', () => {
    expect(drawMany('alphanumeric').filter((code) => !/^[2-9A-HJKMNP-Z]{12}$/.test(code))).toEqual([]);
  });

  it('draws hangul codes of 10 precomposed syllables and digits, none of which reads like another', () => {
    const codes = drawMany('hangul');
    expect(codes.filter((code) => !/^[가-힣2-9]{10}$/.test(code))).toEqual([]);
    expect(codes.filter((code) => /[사오구이]/.test(code))).toEqual([]);
    expect(codes.filter((code) => code !== code.normalize('NFC'))).toEqual([]);
  });

  it('repeats no code', () => {
    expect(new Set(drawMany('alphanumeric')).size).toBe(DRAWS);
    expect(new Set(drawMany('hangul')).size).toBe(DRAWS);
  });

  // Taking the remainder of a byte without drawing again would give a statistic well above 1,000.
  it('draws every character equally often', () => {
    expect(chiSquare(drawMany('alphanumeric'), 31)).toBeLessThan(120);
    expect(chiSquare(drawMany('hangul'), 44)).toBeLessThan(140);
  });
});
