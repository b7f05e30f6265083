import ipaddr from 'ipaddr.js';

/** Where clouds keep what their machines may know, besides the link-local addresses. */
const METADATA = new Set(['100.100.100.200', 'fd00:ec2::254']);
const PRIVATE_RANGES = new Set(['private', 'loopback', 'carrierGradeNat', 'uniqueLocal']);
/** 64:ff9b::/96, by which hosts that have IPv6 only reach an IPv4 address: its last 32 bits. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');
const IPV4_OFFSET = 12;
/** All that is given to anyone; of the rest some carry an IPv4 address in an old form. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Which addresses a webhook may lead to: public ones and, where that is allowed, private and loopback ones. Never
 * link-local ones, those of metadata services, multicast, unspecified and reserved ones, nor those that carry another
 * address in a form which a router would resolve (6to4, Teredo and the like). An IPv4 address in the form of IPv6 counts
 * as what it is.
 */
export function isAllowedAddress(text: string, allowPrivateAddresses: boolean): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = withoutDisguise(ipaddr.process(text));
  if (METADATA.has(address.toString())) return false;
  const range: string = address.range();
  if (range === 'unicast') return address instanceof ipaddr.IPv4 || address.match(GLOBAL_IPV6);
  return allowPrivateAddresses && PRIVATE_RANGES.has(range);
}

function withoutDisguise(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6) || !address.match(NAT64)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(IPV4_OFFSET));
}
