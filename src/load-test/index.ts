export type { LoadTestConfig } from './load-test.config.js';
export { LoadTestModule } from './load-test.module.js';
export { Seeder } from './seeder.service.js';
