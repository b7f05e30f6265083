/**
 * Says that this Node.js is too old, in one line. package.json has every command load it first (`node -r`): an old one may
 * not even be able to read what the command imports. So this is CommonJS, in words that an old one knows.
 */
const { engines } = require('../package.json');

const [major, minor] = numbersIn(process.versions.node);
const [wantedMajor, wantedMinor] = numbersIn(engines.node);
if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  console.error(`firstcome needs Node.js ${engines.node}; this is ${process.versions.node}, ${process.execPath}`);
  process.exit(1);
}

/** @param {string} text @returns {[number, number]} */
function numbersIn(text) {
  const [first, second] = text.match(/\d+/g) || [];
  return [Number(first), Number(second)];
}
