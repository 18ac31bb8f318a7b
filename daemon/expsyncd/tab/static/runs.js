// The table of runs: filtered, sorted, only what is in view in the page; marks from here.

import {read} from './ask.js';
import {chooser, COLUMNS, columnsOf, sortedBy} from './columns.js';
import {asked, attempt, tell} from './dialogs.js';
import {h, morphChildren} from './dom.js';
import {choices, choose, curves, fits, mark, model, ofRuns, words} from './model.js';
import {openRun} from './run.js';
import {Rows} from './rows.js';
import * as as from './say.js';
import {spark} from './spark.js';

const ROW = 34;
const CARD = 58; // two lines on a phone
const NARROW = matchMedia('(max-width: 720px)');
const STATES = ['growing', 'stalled', 'finished', 'failed', 'gone'];
const CURVES_KEPT = 4000;

export function runsView({open, anew}) {
  const selected = new Set();
  const drawn = new Map(); // curves by tag and run, with the moment of the run they show
  let list = [];
  let at = 0;
  let asking = 0;

  const states = h('div', {class: 'chips', role: 'group', 'aria-label': 'States'});
  const summary = h('span', {class: 'dim summary'});
  const chosen = h('div', {class: 'chosen', role: 'toolbar', 'aria-label': 'Selected runs', hidden: true});
  const head = h('div', {class: 'row head', role: 'row', 'data-sticky': ''});
  const body = h('div', {class: 'body', role: 'rowgroup'});
  const grid = h('div', {class: 'grid', role: 'grid', 'aria-label': 'Runs', 'aria-multiselectable': 'true'}, h('div', {role: 'rowgroup', class: 'headgroup'}, head), body);
  const empty = h('div', {class: 'empty', hidden: true});
  const element = h('section', {class: 'runs'},
    h('div', {class: 'tools'}, states, summary, h('span', {class: 'grow'}), chooser(anew)), chosen, grid, empty);
  const rows = new Rows(grid, body, {height: ROW, draw, seen});

  function draw(run, number) {
    const cells = NARROW.matches ? card(run) : columnsOf(model.runs.value).map((column) => cell(column, run));
    return h('div', {class: `row${run.hidden ? ' hidden-run' : ''}`, role: 'row', tabindex: number === at ? 0 : -1, 'data-id': run.id, 'aria-rowindex': number + 2, 'aria-selected': selected.has(run.id)}, cells);
  }

  function cell(column, run) {
    const inner = column.tag ? [h('span', {class: 'figure'}, as.value(run.values[column.tag])), curve(column.tag, run)] : column.show(run, {selected});
    return h('div', {role: 'gridcell', class: `cell ${column.name.replaceAll(/\W/g, '-')}${column.figures ? ' figures' : column.words ? ' words' : ''}`, 'data-column': column.name, title: column.title?.(run)}, inner);
  }

  function card(run) {
    const tag = model.runs.value.chosen.tags[0];
    return [h('div', {role: 'gridcell', class: 'cell card'},
      h('div', {class: 'line'}, COLUMNS.name.show(run), h('span', {class: 'grow'}), COLUMNS.state.show(run)),
      h('div', {class: 'line dim'}, run.step !== null && ['step ', as.step(run.step), ' \u00b7 '], as.age(run.newest_at), h('span', {class: 'grow'}),
        tag && run.values[tag] !== undefined && [h('span', {class: 'figure'}, `${tag} ${as.value(run.values[tag])}`), curve(tag, run)]))];
  }

  const curve = (tag, run) => h('span', {class: 'sparkroom'}, spark(drawn.get(`${tag}\n${run.id}`)?.points));

  /** Ask for the curves of what came into view, and of what grew since. */
  async function seen(items) {
    const tags = NARROW.matches ? model.runs.value?.chosen.tags.slice(0, 1) : model.runs.value?.chosen.tags;
    if (!tags?.length) return;
    const lacking = items.filter((run) => tags.some((tag) => run.values[tag] !== undefined && drawn.get(`${tag}\n${run.id}`)?.of !== run.newest_at));
    if (!lacking.length) return;
    const mine = ++asking;
    const ids = lacking.map((run) => ['id', run.id]);
    const told = await attempt(() => read('api/curves', [...tags.map((tag) => ['tag', tag]), ...ids]));
    if (!told) return;
    if (drawn.size > CURVES_KEPT) drawn.clear();
    for (const run of lacking) for (const tag of tags) drawn.set(`${tag}\n${run.id}`, {of: run.newest_at, points: told.curves[tag][run.id]});
    if (mine === asking) for (const run of lacking) rows.redraw(list.indexOf(run));
  }

  /** Ages and lags go on although nothing else did. */
  function tickOn() {
    for (const [number, row] of rows.shown) {
      for (const name of ['newest', 'lag']) {
        const cell = row.querySelector(`[data-column=${name}]`);
        const text = COLUMNS[name].show(list[number]);
        if (cell && cell.textContent !== text) cell.textContent = text;
      }
    }
  }

  function told(fresh) {
    const value = model.runs.value;
    if (!value) return;
    if (!fresh) {
      tickOn();
      return;
    }
    const typed = words(choices.filter.runs);
    const counts = {};
    for (const run of value.runs) counts[run.hidden ? 'hidden' : run.state] = (counts[run.hidden ? 'hidden' : run.state] ?? 0) + 1;
    const kept = list[at]?.id;
    list = sortedBy(value.runs.filter((run) => (choices.hidden || !run.hidden)
      && (!choices.states.length || choices.states.includes(run.state))
      && fits(typed, {text: `${run.name} ${run.note} ${run.tags.join(' ')}`.toLowerCase(), named: {...run, tag: run.tags.join(' ')}, figures: {...run.settings, ...run.values, step: run.step}})), choices.sort);
    at = Math.max(0, list.findIndex((run) => run.id === kept));
    showStates(counts);
    showHead();
    showChosen();
    rows.show(list, NARROW.matches ? CARD : ROW, at);
    grid.setAttribute('aria-rowcount', list.length + 1);
    const notListed = value.runs.filter((run) => !run.listed && !run.hidden && run.kind === 'tensorboard').length;
    summary.textContent = [list.length === value.runs.length ? '' : `${list.length} of ${value.runs.length}`, notListed ? `${notListed} not in TensorBoard` : ''].filter(Boolean).join(' \u00b7 ');
    showEmpty(value);
  }

  function showStates(counts) {
    morphChildren(states, [...STATES.filter((state) => counts[state]).map((state) => h('button', {class: `chip pick ${as.look(state)}`, 'data-state': state, 'data-key': state, 'aria-pressed': choices.states.includes(state)}, state, h('b', null, counts[state]))),
      counts.hidden && h('button', {class: 'chip pick quiet', 'data-state': 'hidden', 'data-key': 'hidden', 'aria-pressed': choices.hidden}, 'hidden', h('b', null, counts.hidden))].filter(Boolean));
  }

  function showHead() {
    const columns = columnsOf(model.runs.value);
    grid.style.setProperty('--columns', columns.map((column) => column.width).join(' '));
    grid.style.setProperty('--least', `${columns.reduce((sum, {width}) => sum + parseInt(/\d+/.exec(width)[0], 10), 24)}px`);
    const [sorted, sign] = choices.sort;
    morphChildren(head, columns.map((column) => h('div', {role: 'columnheader', class: `cell ${column.figures ? 'figures' : column.words ? 'words' : ''}`, 'data-key': column.name, 'aria-sort': column.name === sorted ? (sign > 0 ? 'ascending' : 'descending') : column.by ? 'none' : null, title: column.long ?? column.label},
      column.by ? h('button', {class: 'plain', 'data-sort': column.name}, h('span', null, column.label), column.name === sorted && (sign > 0 ? '\u25b4' : '\u25be')) : h('span', {class: 'unseen'}, column.label))));
  }

  function showChosen() {
    for (const id of selected) if (!model.run(id)) selected.delete(id);
    chosen.hidden = !selected.size;
    if (!selected.size) return;
    morphChildren(chosen, [h('b', null, as.counted(selected.size, 'run')), ...[['p', 'Pin'], ['h', 'Hide'], ['t', 'Tag'], ['c', 'Curves'], ['s', 'Samples side by side'], ['x', 'None']].map(([does, name]) => h('button', {'data-does': does, 'data-key': does}, name))]);
  }

  function showEmpty(value) {
    empty.hidden = list.length > 0;
    grid.hidden = !list.length;
    if (list.length) return;
    morphChildren(empty, value.runs.length
      ? [h('h2', null, 'No run fits'), h('p', null, 'Clear the filter, or choose other states.')]
      : [h('h2', null, 'No runs yet'), h('p', null, 'Every folder with event files, metric tables or a Sacred record becomes a run with the first pull. The Hosts view says how that goes.')]);
  }

  const aimed = () => (selected.size ? [...selected] : list[at] ? [list[at].id] : []);

  async function act(does) {
    const ids = aimed();
    const runs = ids.map((id) => model.run(id)).filter(Boolean);
    if (!runs.length) return;
    const names = runs.length === 1 ? runs[0].name : as.counted(runs.length, 'run');
    const done = (change, said) => attempt(async () => {
      const making = mark(ids, change);
      told(true);
      try {
        await making;
        tell(`${names}: ${said}`);
      } finally {
        told(true);
      }
    });
    if (does === 'p') await done({pinned: !runs.every((run) => run.pinned)}, runs.every((run) => run.pinned) ? 'not pinned any more' : 'pinned');
    if (does === 'h') await done({hidden: !runs.every((run) => run.hidden)}, runs.every((run) => run.hidden) ? 'back in TensorBoard' : 'hidden from TensorBoard');
    const back = () => document.activeElement === document.body && rows.focus(at); // the row was drawn anew meanwhile
    if (does === 'n') {
      const note = await asked(`Note on ${names}`, runs[0].note, {long: true, hint: 'Ctrl+Enter saves.'});
      back();
      if (note !== null) await done({note}, note ? 'noted' : 'no note any more');
    }
    if (does === 't') {
      const before = [...new Set(runs.flatMap((run) => run.tags))];
      const typed = await asked(`Tags of ${names}`, before.join(', '), {hint: 'Words of yours, with commas between.'});
      back();
      const after = (typed ?? '').split(',').map((tag) => tag.trim()).filter(Boolean);
      if (typed !== null) await done({add_tags: after, drop_tags: before.filter((tag) => !after.includes(tag))}, 'tagged');
    }
    if (does === 'c') window.open(curves(runs.map((run) => run.name)), '_top');
    if (does === 's') open('samples', {filter: ofRuns(runs.map((run) => run.name)), focus: true});
  }

  function select(number) {
    const {id} = list[number] ?? {};
    if (!id) return;
    if (!selected.delete(id)) selected.add(id);
    showChosen();
    rows.redraw(number);
  }

  function move(to) {
    const before = at;
    at = Math.max(0, Math.min(list.length - 1, to));
    rows.shown.get(before)?.setAttribute('tabindex', -1);
    rows.focus(at);
    rows.shown.get(at)?.setAttribute('tabindex', 0);
  }

  element.addEventListener('click', (event) => {
    const sort = event.target.closest('[data-sort]')?.dataset.sort;
    if (sort) {
      const first = COLUMNS[sort]?.first ?? (sort.startsWith('setting ') ? 1 : -1);
      choose({sort: choices.sort[0] === sort ? [sort, -choices.sort[1]] : [sort, first]});
      told(true);
      return;
    }
    const state = event.target.closest('[data-state]')?.dataset.state;
    if (state === 'hidden') choose({hidden: !choices.hidden});
    else if (state) choose({states: choices.states.includes(state) ? choices.states.filter((one) => one !== state) : [...choices.states, state]});
    if (state) told(true);
    const does = event.target.closest('[data-does]')?.dataset.does;
    if (does === 'x') {
      selected.clear();
      told(true);
    } else if (does) {
      act(does);
    }
    const row = event.target.closest('.body .row');
    if (!row || event.target.closest('a')) return;
    const number = Number(row.dataset.number);
    rows.shown.get(at)?.setAttribute('tabindex', -1);
    at = number;
    if (event.target.closest('[data-column=mark]')) select(number);
    else openRun(list[number].id, {open, act: (one) => act(one)});
  });
  NARROW.addEventListener('change', () => told(true));

  return {
    element, told,
    show: () => told(true),
    focus: () => move(at),
    key(event) {
      const page = Math.floor(grid.clientHeight / rows.height) - 2;
      const to = {ArrowDown: at + 1, ArrowUp: at - 1, j: at + 1, k: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: list.length - 1}[event.key];
      if (to !== undefined) move(to);
      else if (event.key === 'Enter' && event.target.closest('.row') && list[at]) openRun(list[at].id, {open, act});
      else if (event.key === 'x') select(at);
      else if ('phntcs'.includes(event.key) && event.key.length === 1) act(event.key);
      else return false;
      return true;
    },
  };
}
