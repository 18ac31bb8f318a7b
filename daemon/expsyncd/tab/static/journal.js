// The lab notebook: what was launched, newest first, by day; with notes, state, and what came of it.

import {chip} from './columns.js';
import {h, icon, morphChildren} from './dom.js';
import {choices, fits, model, ofRuns, words} from './model.js';
import {openRun} from './run.js';
import * as as from './say.js';

const TOGETHER = 20; // entries a block; blocks out of view are empty
const GUESS = 132; // pixels an entry, before it was seen
const AROUND = '1200px';

export function journalView({open}) {
  const body = h('div', {class: 'entries', role: 'feed', 'aria-label': 'Journal'});
  const scroller = h('div', {class: 'scroller'}, body);
  const empty = h('div', {class: 'empty', hidden: true});
  const element = h('section', {class: 'journal'}, scroller, empty);
  let list = [];
  const heights = new Map();
  const seen = new IntersectionObserver((changes) => {
    for (const {target, isIntersecting} of changes) fill(target, isIntersecting);
  }, {root: scroller, rootMargin: AROUND});

  function fill(block, near) {
    const number = Number(block.dataset.block);
    block.near = near;
    if (near) {
      block.style.removeProperty('height');
      morphChildren(block, list.slice(number * TOGETHER, (number + 1) * TOGETHER).flatMap((entry, n) => entryOf(entry, list[number * TOGETHER + n - 1], number * TOGETHER + n)));
    } else if (block.firstChild) {
      heights.set(number, block.offsetHeight);
      block.replaceChildren();
      block.style.setProperty('height', `${heights.get(number)}px`);
    }
  }

  function told(fresh) {
    const value = model.journal.value;
    if (!value || !fresh) return;
    const typed = words(choices.filter.journal);
    // The newest first; what came at once in the order of its script, as they come.
    list = value.entries.filter((entry) => fits(typed, {
      text: `${entry.command} ${entry.notes} ${entry.heading} ${entry.script} ${entry.host} ${entry.runs.map((run) => run.name).join(' ')}`.toLowerCase(),
      named: {...entry, note: entry.notes, run: entry.runs.map((run) => run.name).join(' ')}, figures: entry.settings,
    })).sort((a, b) => b.first_seen_at - a.first_seen_at);
    const count = Math.ceil(list.length / TOGETHER);
    while (body.children.length > count) {
      seen.unobserve(body.lastChild);
      body.lastChild.remove();
    }
    for (const block of body.children) if (block.near) fill(block, true);
    for (let number = body.children.length; number < count; number++) {
      const block = h('div', {class: 'block', 'data-block': number, style: {height: `${GUESS * Math.min(TOGETHER, list.length - number * TOGETHER)}px`}});
      body.append(block);
      seen.observe(block);
    }
    empty.hidden = list.length > 0;
    scroller.hidden = !list.length;
    if (list.length) return;
    morphChildren(empty, value.entries.length ? [h('h2', null, 'No entry fits'), h('p', null, 'Clear the filter.')]
      : [h('h2', null, 'The journal is empty'), h('p', null, 'Name your launch scripts in hosts.yaml, ', h('code', null, 'journal: [~/gan/run.sh]'), ' under the host: each command in them becomes an entry here, with its notes, and is tied to its run.')]);
  }

  function entryOf(entry, before, number) {
    const day = as.day(entry.first_seen_at);
    const newDay = !before || as.day(before.first_seen_at) !== day;
    const newPart = newDay || before.heading !== entry.heading || before.script !== entry.script || before.host !== entry.host;
    return [
      newDay && h('h2', {'data-key': `day ${day}`, class: 'day'}, day),
      newPart && h('p', {'data-key': `part ${entry.id}`, class: 'part'}, entry.heading && h('b', null, entry.heading, ' '), h('span', {class: 'dim'}, `${entry.host}:${entry.script}`)),
      h('article', {'data-key': entry.id, 'data-number': number, tabindex: '-1', class: `entry ${entry.state}`, 'aria-posinset': number + 1, 'aria-setsize': list.length},
        h('p', {class: 'line'}, h('time', {title: as.at(entry.first_seen_at)}, as.hour(entry.first_seen_at)), chip(entry.state, entry.changed_at > entry.first_seen_at ? `since ${as.at(entry.changed_at)}` : null),
          entry.symbolic && chip('symbolic', 'a variable of it is not known'), entry.kind !== 'plain' && h('span', {class: 'tag'}, entry.kind), h('span', {class: 'grow'}), h('span', {class: 'dim'}, entry.line === entry.last_line ? `line ${entry.line}` : `lines ${entry.line}\u2013${entry.last_line}`)),
        entry.notes && h('p', {class: 'notes'}, entry.notes),
        h('pre', {tabindex: '-1'}, entry.command),
        h('p', {class: 'line links'}, entry.runs.map((run) => [
          h('button', {class: 'button run-link', 'data-run': run.run, title: run.by_hand ? 'you said so' : `${run.why} (${Math.round(run.score * 100)} %)`}, icon('chart'), run.name, state(run)),
          run.series > 0 && h('button', {class: 'button', 'data-samples': run.name}, icon('images'), as.counted(run.series, 'series').replace(/seriess$/, 'series'))]),
        !entry.runs.length && h('span', {class: 'dim'}, entry.unlinked || 'no run yet'))),
    ].filter(Boolean);
  }

  const state = (run) => {
    const known = model.run(run.run);
    return known && [' ', chip(known.state)];
  };

  function move(by) {
    const here = document.activeElement.closest?.('article.entry');
    const all = [...body.querySelectorAll('article.entry')];
    const next = here ? all[all.indexOf(here) + by] : all.find((one) => one.getBoundingClientRect().top >= scroller.getBoundingClientRect().top);
    next?.focus();
    next?.scrollIntoView({block: 'nearest'});
  }

  element.addEventListener('click', (event) => {
    const run = event.target.closest('[data-run]')?.dataset.run;
    if (run) openRun(run, {open});
    const samples = event.target.closest('[data-samples]')?.dataset.samples;
    if (samples) open('samples', {filter: ofRuns([samples]), focus: true});
  });

  return {
    element, told,
    show: () => told(true),
    focus: () => move(1),
    key(event) {
      const by = {ArrowDown: 1, j: 1, ArrowUp: -1, k: -1}[event.key];
      if (by) move(by);
      else if (event.key === 'Enter' && event.target.matches('article')) event.target.querySelector('[data-run]')?.click();
      else if (event.key === 's' && event.target.matches('article')) event.target.querySelector('[data-samples]')?.click();
      else return false;
      return true;
    },
  };
}
