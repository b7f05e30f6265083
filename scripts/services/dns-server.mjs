/** A small DNS server in the place of Docker's, for the resolver of HAProxy. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** @import { Socket } from 'node:dgram' */

/** `port` is told to those who ask for SRV records. @typedef {{ address: string, port?: number }} Instance */

const HEADER_BYTES = 12;
/** An answer, authoritative, to one who asked for recursion; no error. */
const FLAGS = 0x85_80;
const TYPE_A = 1;
const TYPE_SRV = 33;
const CLASS_INTERNET = 1;
const TIME_TO_LIVE_S = 1;
/** HAProxy gives a server of weight 0 nothing, and divides others by 256. */
const WEIGHT = 256;
/** The name of an answer is that of the question, which follows the header. */
const NAME_OF_THE_QUESTION = Buffer.from([0xc0, HEADER_BYTES]);

/**
 * Listens on a UDP port of 127.0.0.1, any free one by default. Whatever name is asked for has the addresses of these
 * instances (A), or their ports at these addresses (SRV), and nothing else.
 * @param {readonly Instance[]} instances @param {number} [port] @returns {Promise<Socket>}
 */
export async function startDnsServer(instances, port = 0) {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => socket.send(answerTo(question, instances), from.port, from.address));
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** @param {Buffer} question @param {readonly Instance[]} instances */
function answerTo(question, instances) {
  const endOfName = question.indexOf(0, HEADER_BYTES) + 1;
  const asked = question.subarray(HEADER_BYTES, endOfName + 4);
  const { answers, additional } = records(question.readUInt16BE(endOfName), instances);
  const header = words(question.readUInt16BE(0), FLAGS, 1, answers.length, 0, additional.length);
  return Buffer.concat([header, asked, ...answers, ...additional]);
}

/** @param {number} type @param {readonly Instance[]} instances @returns {{ answers: Buffer[], additional: Buffer[] }} */
function records(type, instances) {
  if (type === TYPE_A) {
    const addresses = new Set(instances.map(({ address }) => address));
    return { answers: [...addresses].map((address) => addressRecord(NAME_OF_THE_QUESTION, address)), additional: [] };
  }
  if (type !== TYPE_SRV) return { answers: [], additional: [] };
  const named = instances.map(({ address, port = 0 }, index) => ({ name: nameOf(index), address, port }));
  return {
    answers: named.map(({ name, port }) =>
      record(NAME_OF_THE_QUESTION, TYPE_SRV, Buffer.concat([words(0, WEIGHT, port), name])),
    ),
    additional: named.map(({ name, address }) => addressRecord(name, address)),
  };
}

/** @param {number} index */
function nameOf(index) {
  const label = Buffer.from(`app-${index + 1}`);
  return Buffer.concat([Buffer.from([label.length]), label, Buffer.from([0])]);
}

/** @param {Buffer} name @param {string} address */
function addressRecord(name, address) {
  return record(name, TYPE_A, Buffer.from(address.split('.').map(Number)));
}

/** @param {Buffer} name @param {number} type @param {Buffer} content */
function record(name, type, content) {
  return Buffer.concat([name, words(type, CLASS_INTERNET, 0, TIME_TO_LIVE_S, content.length), content]);
}

/** @param {number[]} numbers */
function words(...numbers) {
  const bytes = Buffer.alloc(2 * numbers.length);
  numbers.forEach((number, index) => bytes.writeUInt16BE(number, 2 * index));
  return bytes;
}
