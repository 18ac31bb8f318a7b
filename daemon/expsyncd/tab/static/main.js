// The page around the views: which view, live or not, light or dark, keys that work everywhere.

import {live, read} from './ask.js';
import {h, icon, morphChildren} from './dom.js';
import {help, say, trouble} from './dialogs.js';
import {hostsView} from './hosts.js';
import {journalView} from './journal.js';
import {choices, choose, model, renew, words} from './model.js';
import {closeRun, runOpen} from './run.js';
import {runsView} from './runs.js';
import {samplesView} from './samples.js';

const VIEWS = [['runs', 'Runs', runsView], ['samples', 'Samples', samplesView], ['journal', 'Journal', journalView], ['hosts', 'Hosts', hostsView]];
const needs = {runs: ['runs'], samples: ['samples', 'runs'], journal: ['journal', 'runs'], hosts: ['hosts']};

const tabs = h('div', {class: 'tabs', role: 'tablist', 'aria-label': 'Views'});
const search = h('input', {type: 'search', class: 'search', spellcheck: 'false', autocomplete: 'off', 'aria-label': 'Filter', placeholder: 'Filter  (press /)'});
const pulse = h('span', {class: 'pulse', role: 'status'});
const notice = h('div', {class: 'notice', role: 'status', hidden: true});
const main = h('main', {id: 'view', role: 'tabpanel', tabindex: '-1'});
const views = {};
let current = null;

function open(name, {filter, focus} = {}) {
  if (filter !== undefined) choose({filter: {...choices.filter, [name]: filter}});
  choose({view: name});
  history.replaceState(null, '', `#${name}`);
  closeRun();
  current?.hide?.();
  const [, , make] = VIEWS.find(([one]) => one === name);
  current = views[name] ??= make({open, anew: () => tick()});
  current.element.dataset.view = name;
  main.replaceChildren(current.element);
  main.setAttribute('aria-label', name);
  search.value = choices.filter[name] ?? '';
  search.hidden = name === 'hosts';
  showTabs();
  current.show?.();
  if (focus) current.focus?.();
  tick(true);
}

function showTabs() {
  const counts = {
    runs: model.runs.value?.runs.length, samples: model.samples.value?.series.length,
    journal: model.journal.value?.entries.length, hosts: model.now?.daemon ? Object.keys(model.now.hosts).length : undefined,
  };
  morphChildren(tabs, VIEWS.map(([name, title], number) => {
    const chosen = name === choices.view;
    return h('button', {role: 'tab', id: `tab-${name}`, 'data-key': name, 'aria-selected': chosen, 'aria-controls': 'view', tabindex: chosen ? 0 : -1, title: `${title} (${number + 1})`},
      title, counts[name] !== undefined && h('span', {class: 'count'}, counts[name]));
  }));
}

function showPulse() {
  const waiting = Object.values(model.now?.hosts ?? {}).filter((word) => word === 'needs-login' || word === 'failed').length;
  const [look, title] = model.trouble ? ['bad', 'no answer'] : !model.now ? ['quiet', 'loading'] : !model.now.daemon ? ['warn', 'daemon away']
    : waiting ? ['warn', `${waiting === 1 ? 'a host needs' : `${waiting} hosts need`} you`] : ['good', 'live'];
  pulse.className = `pulse ${look}`;
  pulse.textContent = title;
  const error = model.trouble ?? (model.now && !model.now.daemon ? model.now.error : null);
  notice.hidden = !error;
  if (error) {
    morphChildren(notice, [h('b', null, error.title ?? error.message), ' ', error.advice ?? '',
      model.now && !model.now.daemon && !model.trouble ? ' \u2013 below is what was known last.' : '']);
  }
}

async function step(now = false) {
  try {
    model.now = await read('api/changed');
    model.trouble = null;
    const asked = await Promise.all(needs[choices.view].map((name) => renew(name, now)));
    current?.told?.(asked.some(Boolean));
  } catch (error) {
    model.trouble = error;
  }
  showPulse();
  showTabs();
}

let again = null;
function tick(now = false) {
  if (again) step(now);
}

/** TensorBoard's own switch where our frame can see it, the system's wish elsewhere. */
function followTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  let around = null;
  try {
    around = window.parent !== window ? window.parent.document.body : null;
  } catch {
    around = null;
  }
  const apply = () => {
    document.documentElement.dataset.theme = (around ? around.classList.contains('dark-mode') : dark.matches) ? 'dark' : 'light';
  };
  if (around) new MutationObserver(apply).observe(around, {attributes: true, attributeFilter: ['class']});
  dark.addEventListener('change', apply);
  apply();
}

tabs.addEventListener('click', (event) => {
  const tab = event.target.closest('[role=tab]');
  if (tab) open(tab.dataset.key);
});
tabs.addEventListener('keydown', (event) => {
  const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (!by) return;
  const names = VIEWS.map(([name]) => name);
  open(names[(names.indexOf(choices.view) + by + names.length) % names.length]);
  tabs.querySelector('[aria-selected=true]').focus();
  event.preventDefault();
});
search.addEventListener('input', () => {
  choose({filter: {...choices.filter, [choices.view]: search.value}});
  current.told?.(true, words(search.value));
});
search.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' || event.key === 'ArrowDown') {
    current.focus?.();
    event.preventDefault();
  }
  if (event.key === 'Escape') {
    search.value = '';
    search.dispatchEvent(new Event('input'));
    search.blur();
    event.stopPropagation();
  }
});
document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.('input:not([type=range]), textarea, select, dialog')) return;
  const number = '1234'.indexOf(event.key);
  if (number >= 0 && event.key.length === 1) open(VIEWS[number][0], {focus: true});
  else if (event.key === '/' && !search.hidden) search.select();
  else if (event.key === '?') help();
  else if (event.key === 'Escape' && runOpen()) closeRun();
  else if (!current?.key?.(event)) return;
  event.preventDefault();
});
window.addEventListener('hashchange', () => {
  const name = location.hash.slice(1);
  if (VIEWS.some(([one]) => one === name) && name !== choices.view) open(name);
});
window.addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  trouble(event.reason);
});

document.body.append(
  h('header', {class: 'bar'}, tabs, search, h('span', {class: 'grow'}), pulse,
    h('button', {class: 'plain', title: 'Keys (?)', 'aria-label': 'Keys and hints', onclick: help}, '?')),
  notice, main, say);
followTheme();
const asked = location.hash.slice(1);
open(VIEWS.some(([name]) => name === asked) ? asked : VIEWS.some(([name]) => name === choices.view) ? choices.view : 'runs');
again = live(step);
