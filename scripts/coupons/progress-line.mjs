/** How far a command is: a bar that grows, or in a pipe a line each time. */

const WIDTH = 30;

/** @type {(total: number) => (done: number) => void} */
export function progressLine(total) {
  const { stderr } = process;
  return (done) => {
    const share = done / total;
    const text = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} users (${Math.floor(share * 100)} %)`;
    if (!stderr.isTTY) {
      stderr.write(`${text}\n`);
      return;
    }
    const bar = '#'.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH, '.');
    stderr.write(`\r[${bar}] ${text}${done === total ? '\n' : ''}`);
  };
}
