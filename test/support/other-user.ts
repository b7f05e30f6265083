/** Whether the tests run as root, for whom neither the bits of a file nor the user of a process count. */
export const isRoot = process.getuid?.() === 0;

/** Before a command: as the same user, but bound by the permissions of files. */
export const BOUND_BY_PERMISSIONS = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : [];

/** Before a command, where the tests run as root: as a user who may read every file, and is nobody's equal otherwise. */
export const AS_ANOTHER_USER = [
  'setpriv',
  '--reuid=nobody',
  '--regid=nogroup',
  '--clear-groups',
  '--inh-caps=+dac_read_search',
  '--ambient-caps=+dac_read_search',
];
