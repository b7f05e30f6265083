/** The browser that the tests of the live page use. */
import { findOrInstall } from './apt.mjs';
import { findBinary } from './binaries.mjs';

/** @import { Say } from './messages.mjs' */

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** The second one has the glyphs of a Korean page. */
const PACKAGES = ['chromium', 'fonts-noto-cjk'];

/** CHROMIUM_PATH, else what is installed, else installed through apt where we may. @param {Say} say */
export async function chromium(say) {
  const given = process.env['CHROMIUM_PATH'] || (await findOrInstall(() => findBinary(...NAMES), PACKAGES, say));
  if (given) return given;
  throw new Error(
    [
      'The live page cannot be tested: there is no Chromium, and apt-get cannot be used here. One of:',
      `  Debian, Ubuntu   sudo apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`,
      '  macOS            brew install --cask chromium',
      '  your own         set CHROMIUM_PATH to a Chromium or Chrome',
    ].join('\n'),
  );
}
