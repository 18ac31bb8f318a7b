// The wall of series under one scrubber; only the tiles in view are in the page.

import {attempt} from './dialogs.js';
import {h, icon, morphChildren} from './dom.js';
import {Frames} from './frames.js';
import {openFrame} from './frame.js';
import {choices, choose, fits, model, words} from './model.js';
import {Rows} from './rows.js';
import * as as from './say.js';
import {Transport} from './transport.js';

const SIDES = {s: 128, m: 192, l: 256, xl: 384};
const GAP = 10;
const CAPTION = 38;
const AHEAD = 10; // steps decoded ahead of the hand
const TOGETHER_MS = 150; // how long tiles wait for each other
const LISTED_MOST = 2000; // series whose steps make the scrubber's scale

export function samplesView({open}) {
  const frames = new Frames(() => paint());
  const transport = new Transport(() => moved());
  const count = h('span', {class: 'dim summary'});
  const body = h('div', {class: 'body'});
  const wall = h('div', {class: 'wall', role: 'grid', 'aria-label': 'Sample series'}, body);
  const empty = h('div', {class: 'empty', hidden: true});
  const pick = (label, name, values) => {
    const field = h('select', {'aria-label': label, 'data-choice': name}, values.map(([value, title]) => h('option', {value, selected: choices[name] === value}, title)));
    field.addEventListener('change', () => {
      choose({[name]: field.value});
      told(true);
    });
    return field;
  };
  const element = h('section', {class: 'samples'},
    h('div', {class: 'tools'}, count, h('span', {class: 'grow'}),
      pick('Order', 'order', [['newest', 'newest first'], ['run', 'by run'], ['name', 'by series']]),
      pick('Size', 'size', [['s', 'small'], ['m', 'medium'], ['l', 'large'], ['xl', 'huge']])),
    wall, empty, transport.element);
  const rows = new Rows(wall, body, {height: SIDES.m, draw: drawRow, seen: () => paint(), spare: 1});
  const tiles = new Map(); // series id to its tile in the page
  const stats = {paints: 0, complete: 0};
  let list = [];
  let columns = 1;
  let active = 0;
  let planned = false;
  let goal = null; // the step that is being made ready, and since when
  let shownStep = null;

  const side = () => SIDES[choices.size] ?? SIDES.m;

  function lay() {
    columns = Math.max(1, Math.round((wall.clientWidth - GAP) / (side() + GAP)));
    const width = Math.floor((wall.clientWidth - GAP * (columns + 1)) / columns);
    element.style.setProperty('--side', `${Math.min(width, side() * 1.5)}px`);
    tiles.clear();
    const groups = [];
    for (let from = 0; from < list.length; from += columns) groups.push(list.slice(from, from + columns));
    rows.show(groups, Math.min(width, side() * 1.5) + CAPTION + GAP);
    wall.setAttribute('aria-rowcount', groups.length);
  }

  function drawRow(group, row) {
    return h('div', {class: 'tiles', role: 'row', 'aria-rowindex': row + 1}, group.map((series, n) => tile(series, row * columns + n)));
  }

  function tile(series, number) {
    const paper = h('canvas', {'aria-hidden': 'true', width: 1, height: 1});
    const step = h('span', {class: 'figure step'});
    const one = h('div', {class: 'tile', role: 'gridcell', tabindex: number === active ? 0 : -1, 'data-series': series.id, 'data-at': number, title: `${series.run_name}\n${series.name}\n${as.counted(series.frames, 'frame')}${series.why ? `\n${series.why}` : ''}`,
      'aria-label': `${series.run_name}, ${series.name}, ${as.counted(series.frames, 'frame')}`},
      h('div', {class: 'paper'}, paper, series.reason && h('p', {class: 'bad'}, series.reason)),
      h('p', {class: 'line'}, h('b', null, series.name.split('//').at(-1)), h('span', {class: 'grow'}), step),
      h('p', {class: 'line dim'}, series.run_name));
    tiles.set(series.id, {paper, step, series, row: Math.floor(number / columns), drawn: null});
    return one;
  }

  /** Draw the frames at the scrubber's step, all tiles in view at once; ask for what is not decoded yet. */
  function paint() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      if (element.isConnected) painted(performance.now());
    });
  }

  function painted(now) {
    stats.paints++;
    // A hand that is quicker than the decoders gets every tile of fewer steps, not some tiles of each.
    if (!goal || now - goal.since > TOGETHER_MS) goal = {step: transport.step, part: transport.part(), since: now};
    const px = Math.round(side() * Math.min(2, devicePixelRatio || 1));
    const ready = [];
    const spare = [];
    let lacking = 0;
    for (const [id, one] of tiles) {
      if (!one.paper.isConnected) tiles.delete(id);
      else if (frames.lists.has(id)) {
        const number = Math.max(0, frames.at(id, goal.step, goal.part));
        if (!rows.inView(one.row)) spare.push([one, number]);
        else if (frames.get(id, number, px)) ready.push([one, number, frames.get(id, number, px)]);
        else if (frames.encoded.get(id)?.blobs[number] !== null) lacking++;
      }
    }
    if (lacking && now - goal.since < TOGETHER_MS && goal.step !== transport.step) return;
    for (const [one, number, bitmap] of ready) draw(one, number, bitmap);
    if (lacking) return;
    stats.complete += goal.step !== shownStep;
    const way = shownStep !== null && goal.step < shownStep ? -1 : 1;
    shownStep = goal.step;
    if (shownStep !== transport.step) {
      goal = null;
      paint();
      return;
    }
    for (const [one, number] of spare) {
      const bitmap = frames.get(one.series.id, number, px);
      if (bitmap) draw(one, number, bitmap);
    }
    goal = null;
    for (const [one] of ready) frames.prepare(one.series.id, ahead(one.series.id, way), px);
  }

  function ahead(id, way) {
    const found = [];
    for (let n = 1; n <= AHEAD; n++) {
      const step = transport.near(way * n);
      const number = step === null ? -1 : frames.at(id, step, transport.part(way * n));
      if (number >= 0 && !found.includes(number)) found.push(number);
    }
    return found;
  }

  function draw(one, number, bitmap) {
    const {paper, series, step} = one;
    const known = frames.lists.get(series.id);
    const text = known.steps[number] === null ? known.labels[number] : as.step(known.steps[number]);
    if (step.textContent !== text) step.textContent = text;
    step.classList.toggle('off', known.steps[number] !== null && known.steps[number] !== goal.step);
    if (one.drawn === bitmap) return;
    one.drawn = bitmap;
    // Animations have their label in the picture; here it stands below.
    const label = bitmap.width === series.width && bitmap.height > series.height ? bitmap.height - series.height : 0;
    const height = bitmap.height - label;
    if (paper.width !== bitmap.width || paper.height !== height) {
      paper.width = bitmap.width;
      paper.height = height;
      paper.classList.toggle('small', Math.max(bitmap.width, height) < side() / 2);
    }
    paper.getContext('2d').drawImage(bitmap, 0, -label);
  }

  function moved() {
    frames.calm();
    paint();
  }

  const grows = (series) => model.run(series.run)?.state === 'growing';
  const orders = {
    // Those that grow change places with each frame else.
    newest: (a, b) => grows(b) - grows(a) || (grows(a) ? orders.run(a, b) : b.newest_at - a.newest_at),
    run: (a, b) => a.run_name.localeCompare(b.run_name, undefined, {numeric: true}) || a.name.localeCompare(b.name, undefined, {numeric: true}),
    name: (a, b) => a.name.localeCompare(b.name, undefined, {numeric: true}) || a.run_name.localeCompare(b.run_name, undefined, {numeric: true}),
  };

  function told(fresh) {
    const value = model.samples.value;
    if (!value || !fresh) return;
    const typed = words(choices.filter.samples);
    const kept = list.map((series) => series.id).join();
    const hidden = (series) => model.run(series.run)?.hidden && !choices.filter.samples?.includes('run=');
    list = value.series.filter((series) => !hidden(series) && fits(typed, {
      text: `${series.run_name} ${series.name}`.toLowerCase(), named: {...series, run: series.run_name},
      figures: {...model.run(series.run)?.settings, ...model.run(series.run)?.values},
    })).sort(orders[choices.order]);
    active = Math.min(active, Math.max(0, list.length - 1));
    if (list.map((series) => series.id).join() !== kept || !rows.items.length || rows.side !== choices.size) lay();
    rows.side = choices.size;
    count.textContent = [list.length === value.series.length ? as.counted(list.length, 'series').replace(/ss$/, 's') : `${list.length} of ${value.series.length} series`,
      value.refused_total ? `${as.counted(value.refused_total, 'image')} not shown` : '', model.now?.rendering ? `${model.now.rendering} being rendered` : ''].filter(Boolean).join(' \u00b7 ');
    count.title = value.refused.map((bad) => `${bad.host}/${bad.source}/${bad.path}: ${bad.reason}`).join('\n');
    empty.hidden = list.length > 0;
    wall.hidden = transport.element.hidden = !list.length;
    if (!list.length) {
      morphChildren(empty, value.series.length ? [h('h2', null, 'No series fits'), h('p', null, 'Clear the filter.')]
        : [h('h2', null, 'No sample images yet'), h('p', null, 'Images that a run writes beside its event files, with a step in their names, become series here by themselves, and animations under ', h('code', null, 'animations/'), '.')]);
    }
    scale();
  }

  async function scale() {
    await attempt(() => frames.list(list.slice(0, LISTED_MOST)));
    const steps = new Set();
    for (const series of list) for (const step of frames.lists.get(series.id)?.steps ?? []) if (step !== null) steps.add(step);
    if (steps.size) {
      transport.scale([...steps].sort((a, b) => a - b));
    } else {
      const most = Math.max(0, ...list.map((series) => frames.lists.get(series.id)?.steps.length ?? 0));
      transport.scale(Array.from({length: most}, (_, n) => n + 1), 'frame');
    }
    paint();
  }

  function move(to) {
    if (!list.length) return;
    active = Math.max(0, Math.min(list.length - 1, to));
    rows.focus(Math.floor(active / columns));
    for (const one of body.querySelectorAll('[data-at]')) one.tabIndex = Number(one.dataset.at) === active ? 0 : -1;
    body.querySelector(`[data-at="${active}"]`)?.focus({preventScroll: true});
  }

  const enlarge = () => list[active] && openFrame({list, at: active, frames, transport, open, done: move});

  wall.addEventListener('click', (event) => {
    const one = event.target.closest('[data-at]');
    if (!one) return;
    active = Number(one.dataset.at);
    enlarge();
  });
  new ResizeObserver(() => list.length && element.isConnected && lay()).observe(wall);
  globalThis.expsyncdSamples = {stats, frames, transport, tiles}; // for benches

  return {
    element, told,
    show: () => told(true),
    hide: () => transport.stop(),
    focus: () => move(active),
    key(event) {
      const onTile = event.target.closest?.('.tile');
      const to = {ArrowRight: active + 1, ArrowLeft: active - 1, ArrowDown: active + columns, ArrowUp: active - columns}[event.key];
      if (to !== undefined && onTile) move(to);
      else if (event.key === 'Enter' && onTile) enlarge();
      else return transport.key(event);
      return true;
    },
  };
}
