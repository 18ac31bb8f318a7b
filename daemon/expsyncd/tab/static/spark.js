// Curves small enough for a line of text, and plots for the page of a run.

import {h, s} from './dom.js';
import {step, value} from './say.js';

function fitted(points, width, height, margin) {
  const good = points.filter(([, y]) => typeof y === 'number');
  if (!good.length) return null;
  let [left, right] = [good[0][0], good.at(-1)[0]];
  let low = Infinity, high = -Infinity;
  for (const [, y] of good) {
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  if (right === left) right = left + 1;
  const flat = high === low;
  const x = (at) => margin + ((at - left) / (right - left)) * (width - 2 * margin);
  const y = (at) => (flat ? height / 2 : height - margin - ((at - low) / (high - low)) * (height - 2 * margin));
  return {path: good.map(([at, to], n) => `${n ? 'L' : 'M'}${x(at).toFixed(1)} ${y(to).toFixed(1)}`).join(''), low, high, left, right, end: [x(good.at(-1)[0]), y(good.at(-1)[1])]};
}

/** A sparkline of [step, value] points; nothing for none. */
export function spark(points) {
  const fit = points && fitted(points, 72, 20, 2);
  if (!fit) return null;
  return s('svg', {viewBox: '0 0 72 20', class: 'spark', 'aria-hidden': 'true'},
    s('path', {d: fit.path}), s('circle', {cx: fit.end[0].toFixed(1), cy: fit.end[1].toFixed(1), r: 1.6}));
}

/** A plot with its range; nothing for none. */
export function plot(tag, points) {
  const fit = fitted(points, 300, 72, 3);
  if (!fit) return null;
  const label = `${tag}: from ${value(fit.low)} to ${value(fit.high)}, steps ${fit.left} to ${fit.right}`;
  return h('figure', {class: 'plot'},
    s('svg', {viewBox: '0 0 300 72', preserveAspectRatio: 'none', role: 'img', 'aria-label': label}, s('path', {d: fit.path, 'vector-effect': 'non-scaling-stroke'})),
    h('figcaption', null, h('span', null, value(fit.low), ' \u2013 ', value(fit.high)), h('span', null, step(fit.left), ' \u2013 ', step(fit.right))));
}
