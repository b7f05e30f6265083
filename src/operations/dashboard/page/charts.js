/** The three charts of a coupon, drawn by uPlot with the colours of the style sheet. */
import uPlot from './uplot.js';
import { el, setText } from './dom.js';
import { milliseconds, number, shortNumber, t, timeOnAxis } from './language.js';

/** @import { TextKey } from './language.js' */
/** @import { Series } from './series.js' */
/** @typedef {{ label: TextKey, where: TextKey, color: string, dash?: number[], fill?: string }} Line  colours are names of custom properties */
/** @typedef {{ title: TextKey, lines: Line[], holds?: 'after' | 'before', format: (value: number | null | undefined) => string, top: (highest: number) => number }} Plan */

const HEIGHT = 190;
const FONT = '12px system-ui, sans-serif';
const CURSOR = { sync: { key: 'drop' }, drag: { x: false, y: false }, points: { size: 7 } };

/**
 * Lines differ in form as well as in colour.
 * @param {number} total
 * @returns {Record<'stock' | 'demand' | 'latency', Plan>}
 */
function plansFor(total) {
  return {
    stock: {
      title: 'stockLeft',
      lines: [{ label: 'left', where: 'ofAll', color: '--stock', fill: '--stock-fill' }],
      holds: 'after',
      format: number,
      top: () => total,
    },
    demand: {
      title: 'demand',
      lines: [
        { label: 'accepted', where: 'ofAll', color: '--accepted', fill: '--accepted-fill' },
        { label: 'refused', where: 'ofAll', color: '--refused', dash: [5, 3] },
      ],
      holds: 'before',
      format: number,
      top: (highest) => Math.max(5, highest * 1.1),
    },
    latency: {
      title: 'latencyChart',
      lines: [
        { label: 'p50', where: 'ofThisAll', color: '--accepted' },
        { label: 'p99', where: 'ofThisAll', color: '--slow', dash: [5, 3] },
      ],
      format: milliseconds,
      top: (highest) => Math.max(1, highest * 1.1),
    },
  };
}

/**
 * The colour that a custom property has in the colour scheme of now; a canvas cannot look it up.
 * @param {string} property
 */
function color(property) {
  const probe = el('span');
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const { color: resolved } = getComputedStyle(probe);
  probe.remove();
  return resolved;
}

class Chart {
  /** @type {uPlot} */
  #plot;
  /** @type {HTMLElement[]} */
  #values;
  /** @type {uPlot.AlignedData} */
  #data = [[]];
  #from = 0;
  #to = 0;

  /** @param {Plan} plan */
  constructor(plan) {
    this.plan = plan;
    const isShared = new Set(plan.lines.map(({ where }) => where)).size === 1;
    this.#values = plan.lines.map(() => el('span', { class: 'value' }));
    const keys = plan.lines.map(({ label, where, color: property, dash }, index) =>
      el(
        'li',
        { title: t(where) },
        el('span', { class: dash === undefined ? 'swatch' : 'swatch dashed', 'data-color': property.slice(2) }),
        el('span', {}, t(label)),
        isShared ? null : el('span', { class: 'where' }, t(where)),
        this.#values[index],
      ),
    );
    this.holder = el('div', { class: 'plot', 'aria-hidden': 'true' });
    this.figure = el(
      'figure',
      {},
      el(
        'figcaption',
        {},
        el(
          'span',
          { class: 'title' },
          t(plan.title),
          isShared && el('span', { class: 'where' }, t(plan.lines[0]?.where ?? 'ofAll')),
        ),
        el('ul', { class: 'keys' }, ...keys),
      ),
      this.holder,
    );
    this.#plot = this.#draw();
  }

  /**
   * @param {uPlot.AlignedData} data  time in seconds first
   * @param {number} from
   * @param {number} to
   */
  show(data, from, to) {
    [this.#data, this.#from, this.#to] = [data, from, to];
    this.#plot.setData(data);
    this.#writeValues(null);
  }

  /** @param {number} width */
  resize(width) {
    if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  /** Draws anew, with the colours of now. */
  repaint() {
    const { width } = this.#plot;
    this.#plot.destroy();
    this.#plot = this.#draw(width);
    this.#plot.setData(this.#data);
  }

  destroy() {
    this.#plot.destroy();
  }

  #draw(width = 400) {
    const axis = {
      stroke: color('--muted'),
      font: FONT,
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    return new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        padding: [12, 26, 0, 0],
        cursor: CURSOR,
        scales: {
          x: { time: true, range: () => [this.#from, this.#to] },
          y: { range: (_plot, _low, high) => [0, this.plan.top(high ?? 0)] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 28,
            space: 80,
            values: (_plot, seconds) =>
              seconds.map((second) => timeOnAxis(second * 1000, (this.#to - this.#from) * 1000)),
          },
          { ...axis, size: 56, space: 36, values: (_plot, values) => values.map((value) => shortNumber(value)) },
        ],
        series: [
          {},
          ...this.plan.lines.map(({ color: property, dash, fill }) => ({
            stroke: color(property),
            width: 2,
            points: {
              show: true,
              size: 5,
              filter: (/** @type {uPlot} */ plot, /** @type {number} */ index) => aloneIn(plot.data[index] ?? []),
            },
            paths: this.#paths(),
            ...(dash && { dash }),
            ...(fill && { fill: color(fill) }),
          })),
        ],
        hooks: { setCursor: [(plot) => this.#writeValues(plot.cursor.idx ?? null)] },
      },
      this.#data,
      this.holder,
    );
  }

  #paths() {
    const { holds } = this.plan;
    return holds === undefined ? uPlot.paths.linear?.() : uPlot.paths.stepped?.({ align: holds === 'after' ? 1 : -1 });
  }

  /**
   * Beside the keys: the values under the pointer, else the latest.
   * @param {number | null} index
   */
  #writeValues(index) {
    const at = index ?? this.#data[0].length - 1;
    this.#values.forEach((element, line) => setText(element, this.plan.format(this.#data[line + 1]?.[at] ?? null)));
  }
}

/**
 * A line needs two points, and what was measured once should be seen all the same: where a value has no neighbour.
 * @param {ArrayLike<number | null | undefined>} values
 */
function aloneIn(values) {
  const isThere = (/** @type {number} */ index) => (values[index] ?? null) !== null;
  return Array.from(values, (_value, index) => index).filter(
    (index) => isThere(index) && !isThere(index - 1) && !isThere(index + 1),
  );
}

/**
 * And the one before, since of seconds in which nothing happened some are left out.
 * @template {readonly [number, ...unknown[]]} P
 * @param {readonly P[]} points
 * @param {number} from
 */
function since(points, from) {
  return points.slice(
    Math.max(
      0,
      points.findLastIndex(([at]) => at < from),
    ),
  );
}

export class Charts {
  /** @param {number} total */
  constructor(total) {
    this.total = total;
    const plans = plansFor(total);
    this.stock = new Chart(plans.stock);
    this.demand = new Chart(plans.demand);
    this.latency = new Chart(plans.latency);
    this.all = [this.stock, this.demand, this.latency];
    this.element = el('div', { class: 'charts' }, ...this.all.map(({ figure }) => figure));
    this.observer = new ResizeObserver(() => this.all.forEach((chart) => chart.resize(chart.holder.clientWidth)));
    this.all.forEach(({ holder }) => this.observer.observe(holder));
    this.scheme = matchMedia('(prefers-color-scheme: dark)');
    this.repaint = () => this.all.forEach((chart) => chart.repaint());
    this.scheme.addEventListener('change', this.repaint);
  }

  /**
   * @param {Series} series
   * @param {number} from  in ms since 1970, as `to`
   * @param {number} to
   */
  show(series, from, to) {
    const coupon = since(series.coupon, from);
    const latency = since(series.latency, from);
    const seconds = coupon.map(([at]) => at / 1000);
    const show = (/** @type {Chart} */ chart, /** @type {uPlot.AlignedData} */ data) =>
      chart.show(data, from / 1000, to / 1000);
    show(this.stock, [seconds, coupon.map(([, remaining]) => remaining)]);
    show(this.demand, [seconds, coupon.map((point) => point[2]), coupon.map((point) => point[3])]);
    show(this.latency, [
      latency.map(([at]) => at / 1000),
      latency.map((point) => point[1]),
      latency.map((point) => point[2]),
    ]);
  }

  destroy() {
    this.observer.disconnect();
    this.scheme.removeEventListener('change', this.repaint);
    this.all.forEach((chart) => chart.destroy());
  }
}
