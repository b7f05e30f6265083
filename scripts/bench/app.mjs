/** One application process under load, and the calls that prepare it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endApp, localAddress, waitUntilLive } from '../services/app-process.mjs';
import { freePort } from '../services/free-port.mjs';
import { projectDir } from '../services/project.mjs';
import { onCore } from './cores.mjs';

/** @import { ChildProcess } from 'node:child_process' */

const DAY_MS = 86_400_000;
const STOCK = 10_000_000;

/** @typedef {{ couponId: number, reservedQuantity: number | null, issuedQuantity: number }} CouponBody */

/** Of a checkout that is built. */
export const MAIN = join('dist', 'main.js');

export class App {
  /** The name says what is different about it. @param {string} name @param {ChildProcess} child @param {number} port */
  constructor(name, child, port) {
    this.name = name;
    this.child = child;
    this.url = localAddress(port);
  }

  /** @type {(name: string, environment: NodeJS.ProcessEnv, checkout?: string) => Promise<App>} */
  static async start(name, environment, checkout = projectDir) {
    const port = await freePort();
    const { command, args } = onCore(0, process.execPath, [join(checkout, MAIN)]);
    // As in production, but with the test data and the echo route.
    const child = spawn(command, args, {
      cwd: checkout,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_ENV: 'local', LOG_LEVEL: 'error', PORT: String(port), ...environment },
    });
    if (!(await waitUntilLive(port, child))) throw new Error(`The app (${name}) ended before it served`);
    return new App(name, child, port);
  }

  async end() {
    await endApp(this.child);
  }

  /** Resolves with the answer's body. @type {(path: string, body?: object) => Promise<unknown>} */
  async call(path, body) {
    const response = await fetch(this.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: 'Bearer local-admin', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return await response.json();
  }

  /** For anyone, open for a day. @param {{ totalQuantity?: number, strategy?: 'reservation' | 'lock' }} [settings] */
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

  /** How many rows a coupon has, once every reservation of it is one. @type {(couponId: number) => Promise<number>} */
  async allCommitted(couponId) {
    for (;;) {
      const coupon = /** @type {CouponBody} */ (await this.call(`/api/coupons/${couponId}`));
      if (coupon.reservedQuantity === 0) return coupon.issuedQuantity;
      await sleep(5);
    }
  }

  /** Orders of one piece, ready to be paid by users with enough balance. @param {number} count */
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
