import { couponDraft } from '../coupon/index.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import type { CreateCampaignRequest } from './generated/coupon/v1/coupon_pb.js';
import type { RpcConfig } from './rpc.config.js';

const DAY_MS = 86_400_000;
/** The last year whose times have four digits. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** How the campaign RPC calls what the API of coupons calls otherwise. */
const NAMES: Readonly<Record<string, string>> = { totalQuantity: 'couponLimit', startsAt: 'startTime' };

type Defaults = Pick<RpcConfig['rpc'], 'campaignDays' | 'discountRate'>;

/**
 * The coupon that a campaign is: for anyone and with codes, unless the request says otherwise.
 *
 * @throws ValidationFailedError naming the wrong fields of the request
 */
export function campaignDraft(request: CreateCampaignRequest, defaults: Defaults, now: Date) {
  const { name, couponLimit, startTime, discountAmount, isActive, audience, codeFormat, strategy } = request;
  const { expiresAt = endOfWindow(startTime, defaults.campaignDays, now) } = request;
  const { discountRate = discountAmount === undefined ? defaults.discountRate : undefined } = request;
  try {
    return couponDraft({
      name,
      totalQuantity: Number(couponLimit),
      startsAt: startTime,
      expiresAt,
      discountRate,
      discountAmount: discountAmount === undefined ? undefined : Number(discountAmount),
      isActive,
      audience: audience ?? 'anyone',
      codeFormat: codeFormat ?? 'hangul',
      strategy,
    });
  } catch (error) {
    throw error instanceof ValidationFailedError ? inWordsOfCampaigns(error) : error;
  }
}

/** Of a time that is none it is some time later than now: the start alone is to be refused. */
function endOfWindow(startTime: string, days: number, now: Date): string {
  const from = Math.max(Date.parse(startTime) || 0, now.getTime());
  return new Date(Math.min(from + days * DAY_MS, LATEST_MS)).toISOString();
}

function inWordsOfCampaigns({ issues }: ValidationFailedError): ValidationFailedError {
  return new ValidationFailedError(
    issues.map(({ path, message }) => ({
      path: NAMES[path] ?? path,
      message: message.replaceAll(/\b[a-z]+[A-Z]\w+\b/g, (word) => NAMES[word] ?? word),
    })),
  );
}
