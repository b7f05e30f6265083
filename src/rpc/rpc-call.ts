import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { FastifyRequest } from 'fastify';
import type { Access } from '../identity/index.js';

/** A method of the service, and what carries it out. */
export interface RpcCall<I extends DescMessage = DescMessage, O extends DescMessage = DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly access: Access;
  /** A list may be long, and worth to be compressed. */
  readonly mayAnswerLong: boolean;
  carryOut(message: MessageShape<I>, request: FastifyRequest): Promise<MessageInitShape<O>>;
}

/** What goes to the client, whichever protocol it speaks. */
export interface RpcAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The compiler infers the messages from the method. */
export function rpcCall<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  access: Access,
  carryOut: RpcCall<I, O>['carryOut'],
): RpcCall {
  const mayAnswerLong = method.output.fields.some(({ fieldKind }) => fieldKind === 'list');
  return { method, access, mayAnswerLong, carryOut };
}

/** The body as it arrived; empty where there is none. */
export function bytesOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}
