/** What no id may be, as JSON text; 9007199254740993 is 2^53 + 1. */
export const BAD_IDS = ['"7"', '0', '-1', '1.5', '9007199254740993', '1e300', 'true', '[7]', '{}', 'null'];
/** The same in a path or a query, where everything is text. */
export const BAD_ID_TEXTS = [
  'abc',
  '0',
  '-1',
  '1.5',
  '9007199254740993',
  '1e3',
  '0x1f',
  '007',
  '%20',
  '7%20',
  'null',
  '٧',
];
