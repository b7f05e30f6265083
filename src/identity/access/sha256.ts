import { hash } from 'node:crypto';

/** Under which a credential is looked up: in 64 hexadecimal digits, of no use to whoever reads it in the memory. */
export function sha256Of(credential: string): string {
  return hash('sha256', credential, 'hex');
}
