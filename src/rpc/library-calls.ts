import type { DescMethod } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from '@connectrpc/connect';
import { compressionBrotli, compressionGzip } from '@connectrpc/connect-node';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { parseTimeout as parseConnectTimeout } from '@connectrpc/connect/protocol-connect';
import { parseTimeout as parseGrpcTimeout } from '@connectrpc/connect/protocol-grpc';
import type { FastifyRequest } from 'fastify';
import { UnsupportedMediaTypeError } from '../platform/errors/platform.errors.js';
import { measureAs } from '../platform/http/http-metrics.js';
import { BINARY_OPTIONS, JSON_OPTIONS } from './message-formats.js';
import { bytesOf, type RpcAnswer, type RpcCall } from './rpc-call.js';
import type { RpcErrors } from './rpc-errors.js';

const UNSUPPORTED_MEDIA_TYPE = 415;
/** What setTimeout can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const TIME_LIMITS = [
  ['connect-timeout-ms', parseConnectTimeout],
  ['grpc-timeout', parseGrpcTimeout],
] as const;
/** Of an answer that says nothing but how the call failed. */
const GRPC_INTERNAL = `grpc-status: ${Code.Internal}\r\n`;

/** gRPC itself needs HTTP/2, and gRPC-Web in Base64 is from before browsers could receive bytes. */
const HOW_TO_SEND =
  'Send the message with the header "Content-Type: application/json", "application/proto", ' +
  '"application/grpc-web+proto" or "application/grpc-web+json".';

/** What we know of a call while the library has it. */
interface CallState {
  readonly request: FastifyRequest;
  isCarriedOut: boolean;
}

const CALL_STATE = createContextKey<CallState | undefined>(undefined);

/** The way of all calls that are not plain: gRPC-Web, compressed messages, time limits. */
export class LibraryCalls {
  private readonly handlers: ReadonlyMap<DescMethod, UniversalHandler>;

  constructor(
    calls: readonly RpcCall[],
    private readonly errors: RpcErrors,
    maxBytes: number,
  ) {
    const router = createConnectRouter({
      grpc: false,
      acceptCompression: [compressionGzip, compressionBrotli],
      readMaxBytes: maxBytes,
      jsonOptions: JSON_OPTIONS,
      binaryOptions: BINARY_OPTIONS,
    });
    for (const call of calls) router.rpc(call.method, (message, context) => this.carryOut(call, message, context));
    this.handlers = new Map(router.handlers.map((handler) => [handler.method, handler]));
  }

  /** @throws UnsupportedMediaTypeError, ConnectError */
  async answer({ method }: RpcCall, request: FastifyRequest): Promise<RpcAnswer> {
    const handler = this.handlers.get(method);
    if (handler === undefined) throw new Error(`${method.name} is not a method of the router`);
    const state: CallState = { request, isCarriedOut: false };
    const response = await handler({
      httpVersion: request.raw.httpVersion,
      method: request.method,
      // The host of a request may be anything, and nobody looks at it.
      url: `http://localhost${handler.requestPath}`,
      header: headerOf(request),
      body: chunksOf(bytesOf(request)),
      // Never aborted: once a slot is held nothing depends on the client's connection.
      signal: new AbortController().signal,
      contextValues: createContextValues().set(CALL_STATE, state),
    });
    // What the library refuses by itself is the fault of the request, whatever status it has.
    if (!state.isCarriedOut) measureAs(request, 400);
    if (response.status === UNSUPPORTED_MEDIA_TYPE) throw new UnsupportedMediaTypeError(HOW_TO_SEND);
    const answer = await collect(response);
    // What is wrong with bytes that are no message is not our fault, but the library says "internal".
    const isUnreadable = !state.isCarriedOut && saysInternal(answer);
    if (isUnreadable) throw new ConnectError('cannot read the message', Code.InvalidArgument);
    return answer;
  }

  private async carryOut(call: RpcCall, message: Parameters<RpcCall['carryOut']>[0], context: HandlerContext) {
    const state = context.values.get(CALL_STATE);
    if (state === undefined) throw new Error('a call came to the library on another way');
    const timeLeftMs = context.timeoutMs();
    if (timeLeftMs !== undefined && timeLeftMs <= 0) {
      throw new ConnectError('the time limit was over before the call began', Code.DeadlineExceeded);
    }
    state.isCarriedOut = true;
    try {
      return await call.carryOut(message, state.request);
    } catch (error) {
      throw this.errors.from(error, state.request);
    }
  }
}

/** Without a time limit that is longer than anybody waits. */
function headerOf({ headers }: FastifyRequest): Headers {
  const header = new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  for (const [name, parse] of TIME_LIMITS) {
    const { timeoutMs = 0 } = parse(header.get(name), MAX_TIMEOUT_MS);
    if (timeoutMs > MAX_TIMEOUT_MS) header.delete(name);
  }
  return header;
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function collect({ status, header, body }: UniversalServerResponse): Promise<RpcAnswer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return { status, headers: Object.fromEntries(header ?? []), body: Buffer.concat(chunks) };
}

function saysInternal({ status, body }: RpcAnswer): boolean {
  return status === 500 || body.includes(GRPC_INTERNAL);
}
