/** Sends the bytes of a request over a connection of its own, and reads whatever comes back. */
import { connect } from 'node:net';

/** @import { Draft } from './request.mjs' */

/** @typedef {{ status: number, headers: Record<string, string>, body: Buffer }} Answer */
/**
 * `isLate`: within the bound neither all answers nor the end of the connection came. `isLong`: a server that refuses it without
 * reading all of it resets the connection, and what it answered before may be lost with that.
 * @typedef {{ answers: Answer[], isLate: boolean, isLong: boolean }} Outcome
 */

const HEAD_END = '\r\n\r\n';
const PIECE_PAUSE_MS = 1;
/** Of what a connection carries before it has to wait for the other side to read. */
const LONG = 131_072;

/**
 * @param {{ host: string, port: number }} at
 * @param {Buffer} bytes of one copy
 * @param {Pick<Draft, 'method' | 'copies' | 'pieces' | 'cutAt' | 'isFramed'>} how
 * @param {number} boundMs
 * @returns {Promise<Outcome>}
 */
export function send(at, bytes, how, boundMs) {
  return new Promise((resolve) => {
    const socket = connect({ ...at, allowHalfOpen: true });
    const reader = new AnswerReader(how.method === 'HEAD');
    const timer = setTimeout(() => end(true), boundMs);
    socket.once('connect', () => void write());
    socket.on('data', (chunk) => {
      reader.take(chunk);
      if (how.isFramed && (reader.isStream || reader.answers.length >= how.copies)) end(false);
    });
    // What broke the connection shows in what was answered.
    socket.on('error', () => end(false));
    socket.once('end', () => end(false));
    socket.once('close', () => end(false));

    async function write() {
      const all = Buffer.concat(Array.from({ length: how.copies }, () => bytes));
      const wanted = how.cutAt === undefined ? all : all.subarray(0, Math.floor(all.length * how.cutAt));
      const size = Math.ceil(wanted.length / how.pieces) || 1;
      for (let from = 0; from < wanted.length && !socket.destroyed; from += size) {
        socket.write(wanted.subarray(from, from + size));
        if (how.pieces > 1) await new Promise((next) => setTimeout(next, PIECE_PAUSE_MS));
      }
      if (how.cutAt !== undefined) socket.end(() => end(false));
      // A server that cannot tell where the request ends learns that nothing more will come.
      else if (!how.isFramed) socket.end();
    }

    /** @param {boolean} isLate */
    function end(isLate) {
      clearTimeout(timer);
      reader.end();
      socket.destroy();
      resolve({ answers: reader.answers, isLate, isLong: bytes.length * how.copies > LONG });
    }
  });
}

/** Takes the bytes of a connection and makes answers of them. */
class AnswerReader {
  /** @type {Answer[]} */
  answers = [];
  /** The last one has begun, and goes on for as long as somebody listens. */
  isStream = false;
  #rest = Buffer.alloc(0);
  #isForHead;

  /** @param {boolean} isForHead the first answer has no body, whatever it says of its length */
  constructor(isForHead) {
    this.#isForHead = isForHead;
  }

  /** @param {Buffer} chunk */
  take(chunk) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#takeAnswer(false));
  }

  /** Nothing more comes. */
  end() {
    while (this.#takeAnswer(true));
  }

  /** @param {boolean} isEnd @returns {boolean} */
  #takeAnswer(isEnd) {
    const headEnd = this.#rest.indexOf(HEAD_END);
    if (headEnd === -1) return false;
    const [statusLine = '', ...lines] = this.#rest.subarray(0, headEnd).toString('latin1').split('\r\n');
    const status = Number(statusLine.split(' ')[1]);
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const body = this.#rest.subarray(headEnd + HEAD_END.length);
    if (status < 200 && status !== 101) {
      this.#rest = body;
      return true;
    }
    this.isStream = headers['content-type']?.startsWith('text/event-stream') === true;
    const length = this.#isForHead || status === 204 || status === 304 ? 0 : lengthOf(headers, body, isEnd);
    if (length === undefined || length > body.length) return false;
    this.answers.push({ status, headers, body: bodyOf(headers, body.subarray(0, length)) });
    this.#rest = body.subarray(length);
    return true;
  }
}

/** How many bytes of it are the body; undefined while that cannot be told. @type {(headers: Record<string, string>, bytes: Buffer, isEnd: boolean) => number | undefined} */
function lengthOf(headers, bytes, isEnd) {
  if (headers['content-length'] !== undefined) return Number(headers['content-length']);
  if (headers['transfer-encoding'] !== 'chunked') return isEnd ? bytes.length : undefined;
  const last = bytes.indexOf('0\r\n\r\n');
  return last === -1 ? (isEnd ? bytes.length : undefined) : last + 5;
}

/** @type {(headers: Record<string, string>, bytes: Buffer) => Buffer} */
function bodyOf(headers, bytes) {
  if (headers['transfer-encoding'] !== 'chunked') return Buffer.from(bytes);
  const chunks = [];
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = lineEnd === -1 ? 0 : Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    if (!(size > 0)) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
