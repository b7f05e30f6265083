/**
 * Who may import whom. Checked by `npm run deps:check`, together with test/fixtures/forbidden-imports, where each
 * rule must find its own example.
 *
 * A module's allowed neighbours, besides itself and platform. load-test and operations may use any; the files
 * directly in src/ put the program together and may use everything.
 */
const NEIGHBOURS = {
  identity: [],
  user: ['identity'],
  product: ['identity'],
  events: ['identity'],
  coupon: ['user', 'events', 'identity'],
  order: ['coupon', 'product', 'user', 'events', 'identity'],
  ranking: ['product', 'order', 'identity'],
  rpc: ['coupon', 'identity'],
};

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const moduleRules = Object.entries(NEIGHBOURS).map(([module, neighbours]) => ({
  name: `${module}-imports`,
  comment: `${module} imports ${['platform', ...neighbours].join(', ')} and nothing else of src`,
  severity: 'error',
  from: { path: `^src/${module}/` },
  to: { path: '^src/', pathNot: `^src/(${[module, 'platform', ...neighbours].join('|')})/` },
}));

/**
 * One direction inside coupon: reservation (Redis) ← issuance (MySQL) ← what watches, repairs or goes beside them. What
 * joins them stands directly in coupon/.
 */
const ABOVE = {
  reservation: ['entry', 'issuance', 'lock', 'audit', 'watch', 'grant', 'revocation'],
  issuance: ['entry', 'lock', 'audit', 'watch', 'grant', 'revocation'],
};

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const couponRules = Object.entries(ABOVE).map(([folder, above]) => ({
  name: `coupon-${folder}-imports`,
  comment: `coupon/${folder} knows nothing of ${above.join(', ')}`,
  severity: 'error',
  from: { path: `^src/coupon/${folder}/` },
  to: { path: `^src/coupon/(${above.join('|')})/` },
}));

/**
 * Naming a type touches nothing: a service passes the EntityManager of its transaction on without using it.
 * @type {{ dependencyTypesNot: import('dependency-cruiser').DependencyType[] }}
 */
const VALUES = { dependencyTypesNot: ['type-only'] };

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'platform-imports',
      comment: 'platform knows no domain word',
      severity: 'error',
      from: { path: '^src/platform/' },
      to: { path: '^src/', pathNot: '^src/platform/' },
    },
    ...moduleRules,
    ...couponRules,
    {
      name: 'only-through-index',
      comment: 'from another module import its index.ts only',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/platform/', '^src/[^/]+/index[.]ts$'] },
    },
    {
      name: 'only-stores-use-ioredis',
      comment: 'Redis is spoken to in *.store.ts and platform/redis',
      severity: 'error',
      from: { path: '^src/', pathNot: ['[.]store[.]ts$', '^src/platform/redis/'] },
      to: { path: 'node_modules/ioredis/', ...VALUES },
    },
    {
      name: 'only-repositories-use-typeorm',
      comment: 'SQL lives in *.repository.ts, *.entity.ts, migrations and platform/database',
      severity: 'error',
      from: {
        path: '^src/.+/',
        pathNot: ['[.](repository|entity)[.]ts$', '/migrations/', '^src/platform/database/'],
      },
      to: { path: 'node_modules/typeorm/', ...VALUES },
    },
    {
      name: 'only-repositories-use-nest-typeorm',
      comment: 'as for typeorm, and *.module.ts registers the entities',
      severity: 'error',
      from: {
        path: '^src/.+/',
        pathNot: ['[.](repository|entity|module)[.]ts$', '^src/platform/database/'],
      },
      to: { path: 'node_modules/@nestjs/typeorm/', ...VALUES },
    },
    {
      name: 'only-platform-kafka-uses-kafkajs',
      comment: 'its maintenance has ended: it can be replaced as long as only platform/kafka knows it',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/kafka/' },
      to: { path: 'node_modules/kafkajs/' },
    },
    {
      name: 'only-rpc-speaks-connect',
      comment: 'what a coupon does has nothing to do with how it is asked for',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/rpc/' },
      to: { path: 'node_modules/(@connectrpc|@bufbuild)/' },
    },
    {
      name: 'no-cycles',
      comment: 'neither between files nor between modules',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'an import that is not found would slip past every other rule',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '[.]spec[.]ts$' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
