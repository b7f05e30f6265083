/** k6 has one; its type package leaves it to TypeScript's `dom`, which is full of what k6 does not have. */
declare const console: Readonly<Record<'debug' | 'log' | 'warn' | 'error', (message: string) => void>>;
