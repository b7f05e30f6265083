/** One application process under load, and the calls that prepare it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endApp, localAddress, waitUntilLive } from '../services/app-process.mjs';
import { freePort } from '../services/free-port.mjs';
import { projectDir } from '../services/project.mjs';
import { onCore } from './cores.mjs';

const DAY_MS = 86_400_000;
const STOCK = 10_000_000;

/** @typedef {{ couponId: number, reservedQuantity: number | null, issuedQuantity: number }} CouponBody */

export class App {
  /**
   * @param {string} name  what is different about it, for the table
   * @param {import('node:child_process').ChildProcess} child
   * @param {number} port
   */
  constructor(name, child, port) {
    this.name = name;
    this.child = child;
    this.url = localAddress(port);
  }

  /**
   * Starts the built app as in production, but with the test data and the echo route.
   * @param {string} name
   * @param {NodeJS.ProcessEnv} environment
   */
  static async start(name, environment) {
    const port = await freePort();
    const { command, args } = onCore(0, process.execPath, [join(projectDir, 'dist', 'main.js')]);
    const child = spawn(command, args, {
      cwd: projectDir,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_ENV: 'local', LOG_LEVEL: 'error', PORT: String(port), ...environment },
    });
    if (!(await waitUntilLive(port, child))) throw new Error(`The app (${name}) ended before it served`);
    return new App(name, child, port);
  }

  async end() {
    await endApp(this.child);
  }

  /**
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<unknown>} the answer's body
   */
  async call(path, body) {
    const response = await fetch(this.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: 'Bearer local-admin', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return await response.json();
  }

  /**
   * A coupon for anyone, open for a day; its id.
   * @param {{ totalQuantity?: number, strategy?: 'reservation' | 'lock' }} [settings]
   */
  async createCoupon({ totalQuantity = STOCK, strategy = 'reservation' } = {}) {
    const now = Date.now();
    const coupon = /** @type {CouponBody} */ (
      await this.call('/api/coupons', {
        name: 'Benchmark',
        totalQuantity,
        strategy,
        discountRate: 10,
        audience: 'anyone',
        startsAt: new Date(now - DAY_MS).toISOString(),
        expiresAt: new Date(now + DAY_MS).toISOString(),
      })
    );
    return coupon.couponId;
  }

  /**
   * Waits until every reservation of a coupon is a committed row.
   * @param {number} couponId
   * @returns {Promise<number>} how many rows
   */
  async allCommitted(couponId) {
    for (;;) {
      const coupon = /** @type {CouponBody} */ (await this.call(`/api/coupons/${couponId}`));
      if (coupon.reservedQuantity === 0) return coupon.issuedQuantity;
      await sleep(5);
    }
  }

  /**
   * Orders of one piece, ready to be paid by users with enough balance.
   * @param {number} count
   * @returns {Promise<Array<{ orderId: number, userId: number }>>}
   */
  async createOrders(count) {
    const userIds = Array.from({ length: 100 }, (_, index) => 1000 + index);
    const charge = { amount: 100_000_000_000 };
    await Promise.all(userIds.map((userId) => this.call(`/api/users/${userId}/balance/charge`, charge)));
    /** @type {Array<{ orderId: number, userId: number }>} */
    const orders = [];
    const worker = async (/** @type {number} */ userId) => {
      for (let made = 0; made < count / userIds.length; made += 1) {
        const items = [{ productId: ((userId * 31 + made) % 100) + 1, quantity: 1 }];
        const { orderId } = /** @type {{ orderId: number }} */ (await this.call('/api/orders', { userId, items }));
        orders.push({ orderId, userId });
      }
    };
    await Promise.all(userIds.map(worker));
    return orders;
  }
}
