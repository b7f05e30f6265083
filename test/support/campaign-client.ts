import { create, type MessageInitShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import { type Client, ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { encodeEnvelope } from '@connectrpc/connect/protocol';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import {
  CouponService,
  type CreateCampaignRequestSchema,
  type CreateCampaignResponse,
  type GetCampaignResponse,
  type IssueCouponRequest,
  IssueCouponRequestSchema,
  type IssueCouponResponse,
} from '../../src/rpc/generated/coupon/v1/coupon_pb.js';
import { inDays } from './times.js';

/** Longer than any call takes: the limit itself is not what is tested. */
const TIME_LIMIT_MS = 600_000;

/** The route of IssueCoupon, as the metrics name it. */
export const ISSUE_ROUTE = `/${CouponService.typeName}/${CouponService.method.issueCoupon.name}`;
/** The outcome of a call whose connection broke before the answer was there. */
export const NO_ANSWER = 'no answer';

/** How a call travels; a call with a time limit takes another way through the application than one without. */
export const WAYS = ['Connect JSON', 'Connect binary', 'Connect with a time limit', 'gRPC-Web'] as const;
export type Way = (typeof WAYS)[number];

/** What the library sends for a way, and the same in bytes. */
interface Wire {
  transport(baseUrl: string): Transport;
  readonly headers: Readonly<Record<string, string>>;
  bytes(message: IssueCouponRequest): Uint8Array;
}

const inJson = (message: IssueCouponRequest): Uint8Array =>
  Buffer.from(toJsonString(IssueCouponRequestSchema, message));
const inBinary = (message: IssueCouponRequest): Uint8Array => toBinary(IssueCouponRequestSchema, message);
const ON_WIRE = { httpVersion: '1.1' } as const;

const WIRES: Readonly<Record<Way, Wire>> = {
  'Connect JSON': {
    transport: (baseUrl) => createConnectTransport({ ...ON_WIRE, baseUrl, useBinaryFormat: false }),
    headers: { 'content-type': 'application/json' },
    bytes: inJson,
  },
  'Connect binary': {
    transport: (baseUrl) => createConnectTransport({ ...ON_WIRE, baseUrl, useBinaryFormat: true }),
    headers: { 'content-type': 'application/proto' },
    bytes: inBinary,
  },
  'Connect with a time limit': {
    transport: (baseUrl) =>
      createConnectTransport({ ...ON_WIRE, baseUrl, useBinaryFormat: false, defaultTimeoutMs: TIME_LIMIT_MS }),
    headers: { 'content-type': 'application/json', 'connect-timeout-ms': String(TIME_LIMIT_MS) },
    bytes: inJson,
  },
  'gRPC-Web': {
    transport: (baseUrl) => createGrpcWebTransport({ ...ON_WIRE, baseUrl }),
    headers: { 'content-type': 'application/grpc-web+proto' },
    bytes: (message) => encodeEnvelope(0, inBinary(message)),
  },
};

/** What a call of the campaign RPC came to. */
export interface CampaignAnswer<T> {
  /** `OK`, {@link NO_ANSWER}, or the code and the text of a failure: `failed_precondition COUPON_SOLD_OUT`. */
  readonly outcome: string;
  /** Undefined for a failure. */
  readonly message: T | undefined;
  /** Of a failure: its headers and trailers. */
  readonly metadata: Headers;
}

/** The campaign RPC as the clients of the protocol's own library call it. Nothing is retried, and no failure is thrown. */
export class CampaignClient {
  private readonly client: Client<typeof CouponService>;
  private readonly headers: Readonly<Record<string, string>>;

  /** @param token sent as `Authorization: Bearer <token>`; without one there is no such header */
  constructor(
    url: string,
    readonly way: Way,
    token?: string,
  ) {
    this.client = createClient(CouponService, WIRES[way].transport(url));
    this.headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** One client for each way. */
  static inEveryWay(url: string, token?: string): CampaignClient[] {
    return WAYS.map((way) => new CampaignClient(url, way, token));
  }

  /** 100 coupons, and begun a day ago, unless overridden. */
  create(
    overrides: MessageInitShape<typeof CreateCampaignRequestSchema> = {},
  ): Promise<CampaignAnswer<CreateCampaignResponse>> {
    const request = { name: 'Test campaign', couponLimit: 100n, startTime: inDays(-1), ...overrides };
    return answerOf(this.client.createCampaign(request, { headers: this.headers }));
  }

  /** {@link create}, for its id. @throws Error when refused */
  async created(overrides: MessageInitShape<typeof CreateCampaignRequestSchema> = {}): Promise<number> {
    const { outcome, message } = await this.create(overrides);
    if (message === undefined) throw new Error(`no campaign: ${outcome}`);
    return message.campaignId;
  }

  get(campaignId: number): Promise<CampaignAnswer<GetCampaignResponse>> {
    return answerOf(this.client.getCampaign({ campaignId }, { headers: this.headers }));
  }

  issue(campaignId: number, userId: number, entryTicket?: string): Promise<CampaignAnswer<IssueCouponResponse>> {
    const headers = entryTicket === undefined ? this.headers : { ...this.headers, 'Entry-Ticket': entryTicket };
    return answerOf(this.client.issueCoupon({ campaignId, userId }, { headers }));
  }
}

/** IssueCoupon as the bytes of a whole request, for a client that does not wait for its answer. */
export function issueBytes(way: Way, campaignId: number, userId: number): Buffer {
  const wire = WIRES[way];
  const body = wire.bytes(create(IssueCouponRequestSchema, { campaignId, userId }));
  const head = Object.entries({ host: '127.0.0.1', ...wire.headers, 'content-length': String(body.length) });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`POST ${ISSUE_ROUTE} HTTP/1.1\r\n${lines}\r\n`), body]);
}

async function answerOf<T>(answering: Promise<T>): Promise<CampaignAnswer<T>> {
  try {
    return { outcome: 'OK', message: await answering, metadata: new Headers() };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { code, rawMessage, metadata, cause } = error;
    // What the application has answered has no cause; what broke on the way has that of Node.
    const outcome = cause === undefined ? `${codeToString(code)} ${rawMessage}` : NO_ANSWER;
    return { outcome, message: undefined, metadata };
  }
}
