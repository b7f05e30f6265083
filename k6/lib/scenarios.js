/**
 * Every scenario and its options, read by the k6 scripts and by the runner (scripts/load.mjs): that is why this file is
 * JavaScript that neither needs k6 nor Node.
 */

/**
 * @typedef {object} Option
 * @property {string | number} default  a text is a duration, a number a whole number
 * @property {string} meaning
 * @property {number} [atMost]          in seconds where it is a duration
 */

/** @param {number} [atMost] */
const users = (atMost) => /** @type {const} */ ({ meaning: 'different users', ...(atMost ? { atMost } : {}) });
const stock = /** @type {const} */ ({ meaning: 'coupons to be had' });
const duration = /** @type {const} */ ({
  meaning: 'of the whole load; its stages keep their proportions',
  atMost: 86_400,
});
const vus = /** @type {const} */ ({ meaning: 'callers at once, at the peak', atMost: 20_000 });
const rate = /** @type {const} */ ({ meaning: 'requests a second, at the peak', atMost: 100_000 });

/** In the order in which `npm run load -- all` runs them. */
export const SCENARIOS = /** @type {const} */ ({
  smoke: { title: 'one caller through every call of the API', options: {}, connections: [] },
  extreme: {
    title: 'everybody at once for one coupon',
    options: { USERS: { default: 100, ...users(10_000) }, STOCK: { default: 50, ...stock } },
    connections: ['USERS'],
  },
  sequential: {
    title: 'the same one after the other, to compare',
    options: { USERS: { default: 100, ...users(100) }, STOCK: { default: 50, ...stock } },
    connections: [],
  },
  'ramp-up': {
    title: 'traffic that comes and goes, with time to think',
    options: {
      USERS: { default: 10_000, ...users(10_000) },
      STOCK: { default: 10_000, ...stock },
      VUS: { default: 50, ...vus },
      DURATION: { default: '40s', ...duration },
    },
    connections: ['VUS'],
  },
  coupon: {
    title: 'extreme, sequential and ramp-up on one timeline',
    options: {
      USERS: { default: 100, ...users(100) },
      STOCK: { default: 50, ...stock },
      VUS: { default: 50, ...vus },
      DURATION: { default: '190s', ...duration },
    },
    connections: ['VUS'],
  },
  steady: {
    title: 'a few callers who wait until their coupon is issued',
    options: { VUS: { default: 5, ...vus }, DURATION: { default: '30s', ...duration } },
    connections: ['VUS'],
  },
  thousand: {
    title: 'a thousand new users each second',
    options: {
      PEAK_RATE: { default: 1000, ...rate },
      DURATION: { default: '1s', ...duration },
      MAX_VUS: { default: 1000, ...vus },
    },
    connections: ['MAX_VUS'],
  },
  'duplicate-storm': {
    title: 'every user clicks twenty times at once',
    options: {
      USERS: { default: 5000, ...users() },
      ASKS: { default: 20, meaning: 'clicks of each user', atMost: 100 },
      VUS: { default: 200, ...vus },
    },
    connections: ['VUS', 'ASKS'],
  },
  ranking: {
    title: 'the ranking is read while orders come in',
    options: {
      PEAK_RATE: { default: 60, ...rate },
      VUS: { default: 100, ...vus },
      CHECKS: { default: 100, meaning: 'sales that are followed into the ranking', atMost: 10_000 },
      DURATION: { default: '60s', ...duration },
    },
    connections: ['VUS'],
  },
  life: {
    title: 'claimed, ordered, paid, refunded and revoked, and all of it adds up',
    options: { USERS: { default: 300, ...users(10_000) }, VUS: { default: 10, ...vus } },
    connections: ['VUS'],
  },
  'flash-sale': {
    title: 'the promotion opens',
    options: {
      USERS: { default: 50_000, ...users() },
      STOCK: { default: 25_000, ...stock },
      PEAK_RATE: { default: 5000, ...rate },
      DURATION: { default: '120s', ...duration },
      MAX_VUS: { default: 10_000, ...vus },
    },
    connections: ['MAX_VUS'],
  },
});

/** @typedef {keyof typeof SCENARIOS} ScenarioName */

/**
 * The options of a scenario: from the environment, else the default. Durations are in seconds.
 * @template {ScenarioName} N
 * @param {N} name
 * @param {Readonly<Record<string, string | undefined>>} environment
 * @returns {{ [O in keyof (typeof SCENARIOS)[N]['options']]: number }}
 * @throws {Error} with one line for each option that cannot be used
 */
export function readOptions(name, environment) {
  /** @type {Record<string, Option>} */
  const options = SCENARIOS[name].options;
  /** @type {Record<string, number>} */
  const values = {};
  const problems = [];
  for (const [option, { default: usual, atMost = 10_000_000 }] of Object.entries(options)) {
    const isDuration = typeof usual === 'string';
    const given = environment[option] || String(usual);
    const value = isDuration ? seconds(given) : wholeNumber(given);
    if (value === null || value > atMost) {
      const wanted = isDuration
        ? `a duration such as 30s, 2m or 500ms, at most ${atMost}s`
        : `a whole number from 1 to ${atMost}`;
      problems.push(`${option} must be ${wanted}, not "${given}"`);
    } else values[option] = value;
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return /** @type {{ [O in keyof (typeof SCENARIOS)[N]['options']]: number }} */ (values);
}

/**
 * How many connections to the app the scenario may have open at once.
 * @param {ScenarioName} name
 * @param {Readonly<Record<string, number>>} options
 */
export function connectionsOf(name, options) {
  /** @type {readonly string[]} */
  const factors = SCENARIOS[name].connections;
  return factors.reduce((product, option) => product * (options[option] ?? 1), 1);
}

/** @param {string} text */
function wholeNumber(text) {
  return /^[1-9]\d*$/.test(text) ? Number(text) : null;
}

/** @param {string} text */
function seconds(text) {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return null;
  const length = Number(amount) * ({ ms: 0.001, s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN);
  return length > 0 ? length : null;
}
