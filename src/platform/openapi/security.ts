/** Where the security of a call waits in the document that it needs with `identity.mode: required` only. */
export const SECURITY_BY_MODE_EXTENSION = 'x-security-when-identity-is-required';
