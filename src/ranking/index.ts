export { RankingModule } from './ranking.module.js';
