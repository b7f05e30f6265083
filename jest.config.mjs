/**
 * Nest 12 is ESM only, so Jest runs in ESM mode (node --experimental-vm-modules).
 * Specs stand beside their source (`unit`); what needs real servers is under test/.
 */
const shared = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.simulation/'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        module: { type: 'es6' },
      },
    ],
  },
};

const onServers = { ...shared, setupFiles: ['<rootDir>/test/support/worker-servers.ts'] };
const workers = process.env['FIRSTCOME_TEST_SERVERS'] ? JSON.parse(process.env['FIRSTCOME_TEST_SERVERS']).length : 1;

export default {
  testTimeout: 180_000,
  // As many at a time as there are servers. A worker that runs ES modules keeps all it has ever loaded, so it is
  // replaced when it has grown.
  maxWorkers: workers,
  workerIdleMemoryLimit: '1GB',
  // Those on sets of their own (npm run test:cluster) are a run of their own, too.
  projects: process.env['FIRSTCOME_TEST_CLUSTER']
    ? [{ ...shared, displayName: 'cluster', testMatch: ['<rootDir>/test/cluster/**/*.spec.ts'] }]
    : [
        { ...shared, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.spec.ts'] },
        { ...onServers, displayName: 'integration', testMatch: ['<rootDir>/test/integration/**/*.spec.ts'] },
        { ...onServers, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'] },
      ],
};
