import { z } from 'zod';
import type { IdentityConfig } from '../identity/index.js';
import { type DeepReadonly, onOff, rule, wholeNumber } from '../platform/config/settings.js';

/** The settings under `rpc`. */
export const rpcSettings = z.strictObject({
  campaignDays: wholeNumber(1, 3_650),
  discountRate: wholeNumber(1, 100),
  openAccess: onOff,
});

export type RpcConfig = IdentityConfig & { readonly rpc: DeepReadonly<z.output<typeof rpcSettings>> };

/** Whether anybody may create campaigns and see their codes; never where users have to say who they are. */
export function isOpen({ identity, rpc }: RpcConfig): boolean {
  return rpc.openAccess && identity.mode === 'trusted-callers';
}

export const noOpenAccessInProduction = rule<RpcConfig>(
  ['rpc', 'openAccess'],
  'must be false in production, where only administrators create campaigns and see their codes',
  ({ profile, rpc }) => profile !== 'production' || rpc?.openAccess !== true,
);
