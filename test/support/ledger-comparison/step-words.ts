/** Steps as one writes them down. */
import type { Inside, Outside, Session, Step } from './steps.js';

export const a = (inside: Inside): Step => ({ by: 'A', inside });
export const b = (inside: Inside): Step => ({ by: 'B', inside });
export const x = (outside: Outside): Step => ({ by: 'X', outside });
export const y = (outside: Outside): Step => ({ by: 'Y', outside });
export const commit = (by: Session): Step => ({ by, end: 'commit' });
export const rollback = (by: Session): Step => ({ by, end: 'rollback' });
export const lose = (by: Session): Step => ({ by, end: 'lose' });
export const lockWait: Step = { end: 'lockWait' };
