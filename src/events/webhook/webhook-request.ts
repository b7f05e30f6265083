import { Inject, Injectable } from '@nestjs/common';
import { request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { CONFIG } from '../../platform/config/config.module.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { VERSION } from '../../platform/version.js';
import { CLOUD_EVENT_TYPE } from '../cloud-event.js';
import type { EventsConfig } from '../events.config.js';
import type { SendResult } from '../relay/sink.js';
import { WebhookTargets } from './webhook-targets.js';

/** Of an answer nothing but its status is used; more than this is not read. */
const MAX_ANSWER_BYTES = 65_536;

/** Posts a body to a webhook, over a connection of its own to an address that is allowed. */
@Injectable()
export class WebhookRequest {
  constructor(
    private readonly targets: WebhookTargets,
    @Inject(CONFIG) private readonly config: EventsConfig,
  ) {}

  /**
   * Delivered is what is answered 2xx within `webhooks.timeoutMs`, to its end. A redirect is an answer like any other, and
   * not followed. Never throws; given up when `over` is aborted.
   */
  async post(address: string, headers: Record<string, string>, body: string, over: AbortSignal): Promise<SendResult> {
    const { timeoutMs } = this.config.webhooks;
    const end = new AbortController();
    const giveUp = (): void => end.abort();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      giveUp();
    }, timeoutMs);
    over.addEventListener('abort', giveUp, { once: true });
    try {
      over.throwIfAborted();
      return resultOf(await this.exchange(new URL(address), headers, body, end.signal));
    } catch (error) {
      const problem = isLate ? `no answer within ${timeoutMs} ms` : messageOf(error);
      return { isDelivered: false, responseStatus: null, error: problem };
    } finally {
      clearTimeout(timer);
      over.removeEventListener('abort', giveUp);
    }
  }

  /** The status of the answer. */
  private async exchange(
    url: URL,
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<number> {
    this.targets.assertAllowedLiteral(url);
    const request = (url.protocol === 'https:' ? requestByHttps : requestByHttp)(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': CLOUD_EVENT_TYPE,
        'content-length': Buffer.byteLength(body),
        'user-agent': `firstcome/${VERSION}`,
      },
      lookup: this.targets.lookup,
      agent: false,
      signal,
    });
    return await new Promise<number>((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (answer) => {
        const { statusCode = 0 } = answer;
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes <= MAX_ANSWER_BYTES) return;
          resolve(statusCode);
          request.destroy();
        });
        answer.on('end', () => resolve(statusCode));
        answer.on('error', reject);
      });
      request.on('close', () => reject(new Error('the connection was closed without an answer')));
      request.end(body);
    });
  }
}

function resultOf(responseStatus: number): SendResult {
  const isDelivered = responseStatus >= 200 && responseStatus < 300;
  return { isDelivered, responseStatus, error: isDelivered ? null : `answered ${responseStatus}` };
}
