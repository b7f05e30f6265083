import { describe, expect, it } from '@jest/globals';
import { isAllowedAddress } from './address-policy.js';

const PUBLIC = ['8.8.8.8', '1.1.1.1', '2001:4860:4860::8888', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'];
const PRIVATE = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '::1',
  'fd12:3456::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '64:ff9b::7f00:1',
];
const FORBIDDEN = [
  // Metadata and link-local, in every form.
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '64:ff9b::169.254.169.254',
  '100.100.100.200',
  '::ffff:100.100.100.200',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::a9fe:a9fe',
  // Unspecified, multicast, broadcast, reserved.
  '0.0.0.0',
  '0.1.2.3',
  '::',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '240.0.0.1',
  '2001:db8::1',
  '100::1',
  'fec0::1',
  // What carries an address that somebody else takes out: 6to4, Teredo, NAT64 of one's own, IPv4-translated.
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '2002:808:808::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '64:ff9b:1::a00:1',
  '::ffff:0:127.0.0.1',
  '::ffff:0:7f00:1',
  // The old form of an IPv4 address in IPv6.
  '::7f00:1',
  '::a9fe:a9fe',
  '::808:808',
  '4000::1',
  // No addresses.
  'localhost',
  '',
  '127.0.0.1.example.com',
];

describe('the addresses that a webhook may lead to', () => {
  it.each(PUBLIC)('%s is public', (address) => {
    expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([true, true]);
  });

  it.each(PRIVATE)('%s is private', (address) => {
    expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([false, true]);
  });

  it.each(FORBIDDEN)('%j is never allowed', (address) => {
    expect([isAllowedAddress(address, false), isAllowedAddress(address, true)]).toEqual([false, false]);
  });
});
