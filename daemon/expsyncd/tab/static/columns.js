// The columns of the table of runs: what each shows, sorts by, and how wide it is.

import {h, icon, morphChildren} from './dom.js';
import {choices, choose, lag, model} from './model.js';
import * as as from './say.js';

const METRICS_MOST = 6;
const SETTINGS_MOST = 8;

/** A state with its look. */
export const chip = (word, title) => h('span', {class: `chip ${as.look(word)}`, title}, word);

/** The fixed columns by name. `by`: what it sorts by; `first`: the sense of the first click. */
export const COLUMNS = {
  mark: {
    label: 'Selected', width: '28px', title: () => 'Select (x)',
    show: (run, {selected}) => h('span', {class: `box${selected.has(run.id) ? ' on' : ''}`, 'aria-hidden': 'true'}),
  },
  name: {
    label: 'Run', width: 'minmax(200px, 2.4fr)', by: (run) => run.name, first: 1, title: (run) => run.name,
    show: (run) => {
      const cut = run.name.startsWith(`${run.host}/`) ? run.host.length + 1 : 0;
      return h('span', {class: 'name'}, run.pinned && h('span', {class: 'pinned', title: 'pinned'}, icon('pin')),
        cut > 0 && h('span', {class: 'of'}, run.name.slice(0, cut)), h('b', null, run.name.slice(cut)),
        run.tags.map((tag) => h('span', {class: 'tag'}, tag)));
    },
  },
  state: {
    label: 'State', width: '90px', by: (run) => run.state, first: 1, title: (run) => [run.why, run.trouble].filter(Boolean).join('; '),
    show: (run) => [chip(run.state), run.trouble && h('span', {class: 'warnmark', title: run.trouble}, '!')],
  },
  step: {label: 'Step', width: '74px', figures: true, by: (run) => run.step, show: (run) => as.step(run.step)},
  newest: {
    label: 'Age', long: 'How long ago its newest value was logged', width: '60px', figures: true, by: (run) => (run.state === 'growing' ? Infinity : run.newest_at), // growing ones change places each second else
    title: (run) => as.at(run.newest_at), show: (run) => as.age(run.newest_at),
  },
  lag: {
    label: 'Lag', long: 'Age of the newest change on the host that is not here yet', width: '50px', figures: true, by: (run) => lag(run), first: -1,
    show: (run) => as.lag(lag(run)),
  },
  note: {label: 'Note', width: 'minmax(80px, 1.6fr)', by: (run) => run.note, first: 1, title: (run) => run.note, show: (run) => h('span', {class: 'note'}, run.note)},
};

/** The columns of an answer, in order. */
export function columnsOf(value) {
  const {tags, settings} = value.chosen;
  const named = (name) => ({name, ...COLUMNS[name]});
  return [
    named('mark'), named('name'), named('state'), named('step'), named('newest'), named('lag'),
    ...tags.map((tag) => ({name: `tag ${tag}`, tag, label: short(tag), long: tag, width: 'minmax(126px, 1fr)', figures: true, by: (run) => figure(run.values[tag])})),
    ...settings.map((name) => ({name: `setting ${name}`, label: short(name), long: name, width: 'minmax(74px, .6fr)', words: true, by: (run) => figure(run.settings[name]), title: (run) => run.settings[name], show: (run) => run.settings[name] ?? ''})),
    named('note'),
  ];
}

/** The part of a long name that says most. */
function short(name) {
  const last = name.split(/[./]/).at(-1);
  return name.length <= 16 ? name : last.length > 2 && last.length <= 16 ? last : `\u2026${name.slice(-15)}`;
}

function figure(value) {
  if (value === undefined || value === null || value === '') return null;
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

/** Runs in order: pinned ones first, then by the column; what has no value comes last either way. */
export function sortedBy(runs, [name, sign]) {
  const column = model.runs.value && columnsOf(model.runs.value).find((one) => one.name === name);
  const by = column?.by ?? COLUMNS.newest.by;
  const known = runs.map((run) => [by(run), run]);
  const text = new Intl.Collator(undefined, {numeric: true});
  known.sort(([a, one], [b, other]) => {
    if (one.pinned !== other.pinned) return one.pinned ? -1 : 1;
    const [none, neither] = [a === null || a === '', b === null || b === ''];
    if (none || neither) return none - neither || text.compare(one.name, other.name);
    const order = a === b ? 0 : typeof a === 'number' && typeof b === 'number' ? a - b : text.compare(a, b);
    return sign * order || text.compare(one.name, other.name);
  });
  return known.map(([, run]) => run);
}

/** The button that chooses metrics and settings; `anew` asks for them. */
export function chooser(anew) {
  const list = h('div', {class: 'menu'});
  const box = h('details', {class: 'chooser'}, h('summary', {class: 'button'}, 'Columns'), list);
  const fill = () => {
    const value = model.runs.value;
    if (!value) return;
    const part = (title, kind, names, on, most) => h('fieldset', null, h('legend', null, title), names.length ? names.map((name) => {
      const field = h('input', {type: 'checkbox', 'data-kind': kind, value: name, disabled: !on.includes(name) && on.length >= most});
      field.checked = on.includes(name);
      return h('label', null, field, ' ', name);
    }) : h('p', {class: 'dim'}, 'none yet'));
    morphChildren(list, [part('Metrics', 'tags', value.tags, value.chosen.tags, METRICS_MOST), part('Settings that differ', 'settings', value.settings, value.chosen.settings, SETTINGS_MOST),
      h('button', {'data-reset': ''}, 'As chosen for me')]);
    for (const field of list.querySelectorAll('input')) field.checked = value.chosen[field.dataset.kind].includes(field.value);
  };
  box.addEventListener('toggle', () => box.open && fill());
  list.addEventListener('change', (event) => {
    const {kind} = event.target.dataset;
    const on = [...list.querySelectorAll(`input[data-kind=${kind}]:checked`)].map((field) => field.value);
    choose({[kind]: on.length ? on : null});
    anew();
  });
  list.addEventListener('click', (event) => {
    if (!event.target.closest('[data-reset]')) return;
    choose({tags: null, settings: null});
    box.open = false;
    anew();
  });
  document.addEventListener('click', (event) => {
    if (!box.contains(event.target)) box.open = false;
  });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    box.open = false;
    box.firstChild.focus();
    event.stopPropagation();
  });
  return box;
}
