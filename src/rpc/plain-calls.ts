import { Code, ConnectError } from '@connectrpc/connect';
import type { FastifyRequest } from 'fastify';
import { BINARY_FORMAT, JSON_FORMAT, type MessageFormat } from './message-formats.js';
import { bytesOf, type RpcAnswer, type RpcCall } from './rpc-call.js';

/**
 * The fast way for what nearly every client sends: a message as it is in a POST, and the answer in the same form. The
 * library takes three times as much CPU for it (docs/adr/0013-campaign-rpc.md), and a hundred thousand people may call
 * at once.
 */

const FORMATS: ReadonlyMap<string | undefined, MessageFormat> = new Map([
  ['application/json', JSON_FORMAT],
  ['application/json; charset=utf-8', JSON_FORMAT],
  ['application/proto', BINARY_FORMAT],
]);

/** The format of a call that goes the fast way; undefined for one that needs the library. */
export function plainFormat({ mayAnswerLong }: RpcCall, { headers }: FastifyRequest): MessageFormat | undefined {
  if (headers['content-encoding'] !== undefined || headers['connect-timeout-ms'] !== undefined) return undefined;
  if (mayAnswerLong && headers['accept-encoding'] !== undefined) return undefined;
  return FORMATS.get(headers['content-type']);
}

/** @throws ConnectError when the message cannot be read, and what the call itself throws */
export async function answerPlainly(call: RpcCall, format: MessageFormat, request: FastifyRequest): Promise<RpcAnswer> {
  const { input, output } = call.method;
  const answer = await call.carryOut(messageOf(input, format, request), request);
  return { status: 200, headers: { 'content-type': format.contentType }, body: format.write(output, answer) };
}

function messageOf(type: RpcCall['method']['input'], format: MessageFormat, request: FastifyRequest) {
  try {
    return format.read(type, bytesOf(request));
  } catch (error) {
    throw ConnectError.from(error, Code.InvalidArgument);
  }
}
