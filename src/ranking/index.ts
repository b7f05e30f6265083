export { RankingModule } from './ranking.module.js';
export { RankingService } from './ranking.service.js';
