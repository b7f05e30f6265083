/** The load balancer whose configuration the tests try. */
import { installPackages } from './apt.mjs';
import { findBinary } from './binaries.mjs';

/** @import { Say } from './messages.mjs' */

/** HAPROXY_PATH, else what is installed, else installed through apt where we may. @param {Say} say */
export async function haproxy(say) {
  const given = process.env['HAPROXY_PATH'] || findBinary('haproxy');
  if (given) return given;
  const installed = (await installPackages(['haproxy'], say)) && findBinary('haproxy');
  if (installed) return installed;
  throw new Error(
    [
      'The load balancer cannot be tested: there is no HAProxy, and apt-get cannot be used here. One of:',
      '  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends haproxy',
      '  macOS            brew install haproxy',
      '  your own         set HAPROXY_PATH to HAProxy 2.6 or later',
    ].join('\n'),
  );
}
