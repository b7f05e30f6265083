import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What the settings of every module are made of. */

// Environment variables are always text, so numbers and switches are also understood when written as text.

export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  const number = z.int({ error }).min(min, { error }).max(max, { error });
  return z.preprocess((value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value), number);
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

export const onOff = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'must be true or false' }),
);

/**
 * A list, in the environment a text with commas between.
 *
 * @param what what its items are
 */
export function listOf(what: string, isOne: (item: string) => boolean) {
  const error = `must be ${what}, with commas between`;
  const list = z.array(z.string({ error }), { error }).check(({ value, issues }) => {
    const wrong = value.find((item) => !isOne(item));
    if (wrong === undefined) return;
    issues.push({ code: 'custom', input: value, message: `${error}; ${JSON.stringify(wrong)} is none` });
  });
  return z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value),
    list,
  );
}

export function urlOf(protocols: RegExp, error: string, isComplete: (url: URL) => boolean = () => true) {
  return z.string({ error }).refine(
    (value) => {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      return url !== undefined && protocols.test(url.protocol) && url.hostname !== '' && isComplete(url);
    },
    { error },
  );
}

/** The path of a file with the certificates of those who may sign others, as PEM text. */
export function certificateFile() {
  const error = 'must be a file that can be read and has certificates in PEM form';
  return z.string({ error }).refine(hasCertificates, { error });
}

function hasCertificates(path: string): boolean {
  try {
    const text = readFileSync(path, 'utf8');
    // TLS would skip what is not PEM; the parser alone takes other forms as well.
    return text.includes('-----BEGIN CERTIFICATE-----') && new X509Certificate(text).subject !== '';
  } catch {
    return false;
  }
}

type PartialSettings<T> = { readonly [K in keyof T]?: Partial<T[K]> };

/**
 * A rule across settings, for `check()`; looked at even when other settings are wrong, so that all problems are named.
 *
 * @param path the setting that breaks it
 */
export function rule<T>(path: readonly string[], error: string, isKept: (settings: PartialSettings<T>) => boolean) {
  return z.refine<T>((value) => isKept(value), {
    path: [...path],
    error,
    when: ({ value }) => typeof value === 'object' && value !== null,
  });
}

/**
 * A rule that keeps a number within what other settings leave for it. The message says how much that is.
 *
 * @param path the setting that breaks it
 * @param limitOf the greatest value it may have; NaN where the other settings are wrong themselves
 */
export function atMost<T>(path: readonly string[], reason: string, limitOf: (settings: PartialSettings<T>) => number) {
  return z.refine<T>((settings) => !(Number(valueAt(settings, path)) > limitOf(settings)), {
    path: [...path],
    error: ({ input }) => `must be ${limitOf(input as T)} or less: ${reason}`,
    when: ({ value }) => typeof value === 'object' && value !== null,
  });
}

function valueAt(settings: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, name) => (typeof node === 'object' && node !== null ? Reflect.get(node, name) : undefined),
    settings,
  );
}

/** Settings once they are read. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
