/** What the app has logged that a wrong request must never cause. */
import { closeSync, openSync, readSync } from 'node:fs';

const FAULTS = /"level":"(?:error|fatal)"|InternalError|[Uu]nhandled|^\s+at /;

export class AppLog {
  #file;
  #position = 0;
  #rest = '';

  /** @param {string} file */
  constructor(file) {
    this.#file = file;
  }

  /** The lines since the last call that tell of a fault. @returns {string[]} */
  faults() {
    const [whole, rest] = lastLineOf(this.#rest + this.#read());
    this.#rest = rest;
    return whole.split('\n').filter((line) => FAULTS.test(line));
  }

  #read() {
    const file = openSync(this.#file, 'r');
    try {
      let text = '';
      for (const buffer = Buffer.alloc(65_536); ;) {
        const length = readSync(file, buffer, 0, buffer.length, this.#position);
        if (length === 0) return text;
        this.#position += length;
        text += buffer.toString('latin1', 0, length);
      }
    } finally {
      closeSync(file);
    }
  }
}

/** What comes before the last end of a line, and what comes after it. @type {(text: string) => [string, string]} */
function lastLineOf(text) {
  const end = text.lastIndexOf('\n') + 1;
  return [text.slice(0, end), text.slice(end)];
}
