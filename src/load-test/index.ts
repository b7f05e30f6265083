export { LoadTestModule } from './load-test.module.js';
export { Seeder } from './seeder.service.js';
