import ipaddr from 'ipaddr.js';

const PREFIX_LENGTH_OF_A_SITE = 64;

/** Whom an address stands for where callers are counted: of IPv6 the /64, which one household has to itself. */
export function networkOf(address: string): string {
  if (!address.includes(':') || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${PREFIX_LENGTH_OF_A_SITE}`).toString();
}
