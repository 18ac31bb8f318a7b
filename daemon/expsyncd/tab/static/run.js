// One run, beside whatever view it was opened from.

import {Answer, read} from './ask.js';
import {chip} from './columns.js';
import {attempt} from './dialogs.js';
import {h, icon, morphChildren} from './dom.js';
import {curves, lag, model, ofRuns} from './model.js';
import * as as from './say.js';
import {plot} from './spark.js';

const AGAIN_MS = 2000;
let panel = null;

/** Whether the panel is open. */
export const runOpen = () => panel !== null;

/** Close it; the focus goes back to where it was. */
export function closeRun() {
  if (!panel) return;
  clearInterval(panel.timer);
  panel.element.remove();
  const {before} = panel;
  panel = null;
  document.body.classList.remove('beside');
  if (before?.isConnected) before.focus({preventScroll: true});
  else document.querySelector(`.body [data-id][tabindex="0"]`)?.focus({preventScroll: true});
}

/** Open a run by its id. `act(key)` does what a key of the table does; `open` goes to another view. */
export async function openRun(id, {open, act}) {
  const before = panel ? panel.before : document.activeElement;
  if (panel) closeRun();
  const body = h('div', {class: 'inner'}, h('p', {class: 'dim'}, 'loading\u2026'));
  const element = h('aside', {class: 'run', 'aria-label': 'Run', tabindex: '-1'}, body);
  const answer = new Answer(() => read('api/run', [['id', id]]));
  const mine = {id, element, before, timer: 0};
  panel = mine;
  document.body.classList.add('beside');
  document.body.append(element);
  element.focus();
  element.addEventListener('click', (event) => {
    const does = event.target.closest('[data-does]')?.dataset.does;
    if (does === 'close') closeRun();
    else if (does === 's') open('samples', {filter: ofRuns([answer.value.run?.name ?? '']), focus: true});
    else if (does === 'j') open('journal', {filter: event.target.closest('[data-filter]').dataset.filter, focus: true});
    else if (does && act) act(does).then(renew);
  });
  async function renew() {
    const fresh = await attempt(() => answer.renew(model.now?.index ?? '', false));
    if (fresh && panel === mine) morphChildren(body, page(answer.value, Boolean(act)));
    if (fresh === undefined && !answer.value && panel === mine) closeRun();
  }
  mine.timer = setInterval(renew, AGAIN_MS);
  await renew();
}

function page({run, log, settings, scalars, entries, jobs}, acts) {
  if (!run) return [top('A folder with samples only'), h('p', {class: 'dim'}, 'It has no metrics: no event files, tables or records.')];
  const known = model.run(run.id) ?? run;
  const button = (does, name, pressed) => acts && h('button', {'data-does': does, 'aria-pressed': pressed}, name);
  const facts = [
    ['State', [chip(run.state), ' ', h('span', {class: 'dim'}, run.why)]],
    ['Step', as.step(run.step)],
    ['Newest', run.newest_at !== null && `${as.age(run.newest_at)} ago \u00b7 ${as.at(run.newest_at)}`],
    ['Began', run.began_at !== null && as.at(run.began_at)],
    ['Lag', lag(run) !== null && as.lag(lag(run))],
    ['Files', `${as.counted(run.files, 'file')}, ${as.bytes(run.bytes)}, ${run.kind}`],
    ['Log', log],
    ['Trouble', run.trouble && h('span', {class: 'bad'}, run.trouble)],
    ['TensorBoard', run.kind === 'tensorboard' && !run.listed && (known.hidden ? 'hidden by you' : 'not shown: hidden, or folded by the rule in hosts.yaml')],
  ];
  return [
    top(run.name),
    h('div', {class: 'buttons'}, button('p', known.pinned ? 'Pinned' : 'Pin', known.pinned), button('h', known.hidden ? 'Hidden' : 'Hide', Boolean(known.hidden)), button('n', 'Note'), button('t', 'Tags'),
      h('a', {class: 'button', href: curves([run.name]), target: '_top'}, icon('chart'), 'Curves'),
      h('button', {'data-does': 's'}, icon('images'), 'Samples')),
    known.note && h('p', {class: 'said'}, known.note),
    known.tags.length > 0 && h('p', null, known.tags.map((tag) => [h('span', {class: 'tag'}, tag), ' '])),
    h('dl', {class: 'facts'}, facts.filter(([, what]) => what).map(([name, what]) => [h('dt', null, name), h('dd', null, what)])),
    section('Jobs', jobs.map((job) => h('p', null, chip(job.state), ` ${job.job} ${job.name} `, h('span', {class: 'dim'}, [job.node, job.reason].filter(Boolean).join(' \u00b7 '))))),
    section('Command', entries.map((entry) => h('div', {class: 'entry'}, entry.notes && h('p', {class: 'notes'}, entry.notes), h('pre', null, entry.command),
      h('p', {class: 'dim'}, `${entry.script}:${entry.line} \u00b7 ${entry.link_why} `, h('button', {class: 'plain link', 'data-does': 'j', 'data-filter': `id:${entry.id}`}, 'in the journal'))))),
    section('Settings', settings.length && h('table', {class: 'pairs'}, h('tbody', null, settings.map((one) => h('tr', {title: `from ${one.told_by}`}, h('th', {scope: 'row'}, one.name), h('td', null, one.value)))))),
    section('Metrics', scalars.length && h('div', {class: 'plots'}, scalars.map((one) => h('div', {class: 'metric'},
      h('p', null, h('b', null, one.tag), h('span', {class: 'grow'}), h('span', {class: 'figure', title: `step ${one.last[0]}`}, as.value(one.last[2]))),
      plot(one.tag, one.curve),
      one.least && h('p', {class: 'dim'}, `least ${as.value(one.least[2])} at ${as.step(one.least[0])} \u00b7 greatest ${as.value(one.greatest[2])} at ${as.step(one.greatest[0])} \u00b7 ${as.counted(one.points, 'point')}`))))),
  ].filter(Boolean);
}

const top = (name) => h('header', null, h('h2', null, name), h('button', {class: 'plain', 'data-does': 'close', 'aria-label': 'Close', title: 'Close (Esc)'}, icon('close')));

const section = (title, inner) => (inner && (inner.length === undefined || inner.length > 0) ? h('section', null, h('h3', null, title), inner) : null);
