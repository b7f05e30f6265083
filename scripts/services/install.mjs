/** The last resorts when neither a program nor a Docker engine is there: install it, or say how. */
import { findOrInstall } from './apt.mjs';
import { SERVICE_KINDS } from './service-kinds.mjs';

/** @import { Say } from './messages.mjs' */
/** @import { Profile } from './profile.mjs' */
/** @import { ServiceName } from './state.mjs' */

/**
 * Installs what is missing through apt where we may; else throws, and says what one can do by hand.
 * @type {(missing: ServiceName[], profile: Profile, say: Say) => Promise<void>}
 */
export async function installMissing(missing, profile, say) {
  // A service that ran in Docker the last time counts as missing, and may be installed all the same.
  const kinds = missing.map((name) => SERVICE_KINDS[name]).filter((kind) => !kind.isInstalled(profile));
  if (kinds.length === 0) return;
  const packages = kinds.map((kind) => kind.aptPackage);
  if (await findOrInstall(() => kinds.every((kind) => kind.isInstalled(profile)), packages, say)) return;
  const labels = kinds.map((kind) => kind.label).join(' and ');
  const variables = kinds.map((kind) => kind.variable).join(' and ');
  throw new Error(
    [
      `${labels} cannot be started: not installed, no Docker engine answers, and apt-get cannot be used here. One of:`,
      '  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends redis-server mariadb-server',
      '  macOS            brew install redis mariadb',
      '  Docker           start the Docker engine (with the compose plug-in)',
      `  your own         set ${variables}`,
    ].join('\n'),
  );
}
