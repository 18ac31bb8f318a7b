// What the page knows: the newest answers, what the person chose, and who wants to hear of a change.

import {Answer, change, read} from './ask.js';

const KEPT = 'expsyncd-tab';

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

/** The person's choices; kept by the browser. */
export const choices = {
  view: 'runs', filter: {}, states: [], hidden: false, sort: ['newest', -1], tags: null, settings: null,
  size: 'm', order: 'newest', speed: 10, smallest: '', ...remembered(),
};

/** Make a choice. */
export function choose(changes) {
  Object.assign(choices, changes);
  try {
    localStorage.setItem(KEPT, JSON.stringify(choices));
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}

const columns = () => [
  ...(choices.tags ?? []).map((tag) => ['tag', tag]),
  ...(choices.settings ?? []).map((name) => ['setting', name]),
];

/** The newest of everything. */
export const model = {
  now: null, // api/changed
  trouble: null, // what the last question failed with
  runs: new Answer(() => read('api/runs', columns())),
  samples: new Answer(() => read('api/samples')),
  journal: new Answer(() => read('api/journal')),
  hosts: new Answer(() => read('api/hosts'), 0), // what is live there is the point of it
  /** The run of an id. */
  run: (id) => model.byId.get(id),
  byId: new Map(),
};

/** Ask for what a view needs, if it changed. True when there is something new. `now`: do not wait for a turn. */
export async function renew(name, now = false) {
  const key = name === 'hosts' ? performance.now() : `${model.now?.index} ${name === 'runs' ? JSON.stringify(columns()) : ''}`;
  const fresh = await model[name].renew(key, now);
  if (fresh && name === 'runs') model.byId = new Map(model.runs.value.runs.map((run) => [run.id, run]));
  return fresh;
}

/** Say something of runs: hidden, pinned, note, tags. The page shows it at once, and takes it back if it fails. */
export async function mark(ids, words) {
  const before = ids.map((id) => [id, {...model.run(id)}]);
  for (const id of ids) apply(model.run(id), words);
  try {
    await change('api/mark', {runs: ids, change: words});
  } catch (error) {
    for (const [id, run] of before) Object.assign(model.run(id) ?? {}, run);
    throw error;
  }
}

function apply(run, words) {
  if (!run) return;
  for (const name of ['hidden', 'pinned', 'note']) if (name in words) run[name] = words[name];
  if (words.pinned && run.hidden) run.hidden = null; // as the daemon has it: one or the other
  if (words.hidden) run.pinned = false;
  if (words.drop_tags) run.tags = run.tags.filter((tag) => !words.drop_tags.includes(tag));
  if (words.add_tags) run.tags = [...new Set([...run.tags, ...words.add_tags])];
}

/** The lag of a run's source in seconds; null while it is unknown. */
export const lag = (run) => model.now?.sources[`${run.host}/${run.source}`]?.lag ?? null;

/** Where TensorBoard shows the curves of runs. */
export function curves(names) {
  const pattern = names.map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const base = new URL('../../../', location.href);
  return `${base.pathname}?runFilter=${encodeURIComponent(`^(${pattern})$`)}#timeseries`;
}

/** A filter that people type: words that all have to fit, alternatives with `or` between; see the hints. */
export function fits(alternatives, about) {
  return !alternatives.length || alternatives.some((words) => words.every((word) => {
    const not = word.startsWith('-') && word.length > 1;
    return one(not ? word.slice(1) : word, about) !== not;
  }));
}

function one(word, about) {
  const [, name, sign, wanted] = /^([^:=<>]+)(:|<=|>=|=|<|>)(.+)$/.exec(word) ?? [];
  if (name in about.named && sign === ':') return String(about.named[name]).toLowerCase().includes(wanted);
  if (name in about.named && sign === '=') return String(about.named[name]).toLowerCase() === wanted;
  if (sign && sign !== ':') {
    const found = Object.entries(about.figures).filter(([key]) => key.toLowerCase() === name);
    return found.some(([, value]) => compares(value, sign, wanted));
  }
  return about.text.includes(word);
}

function compares(value, sign, wanted) {
  const [left, right] = [Number(value), Number(wanted)];
  const figures = String(value).trim() !== '' && !Number.isNaN(left) && !Number.isNaN(right);
  if (sign === '=') return figures ? left === right : String(value).toLowerCase() === wanted;
  if (!figures) return false;
  return {'<': left < right, '>': left > right, '<=': left <= right, '>=': left >= right}[sign];
}

/** What was typed as lists of words, one for each alternative; quotes hold a word with spaces together. */
export function words(typed) {
  const found = [[]];
  for (const [word] of (typed ?? '').toLowerCase().matchAll(/(?:[^\s"]|"[^"]*"?)+/g)) {
    if (word === 'or') found.push([]);
    else found.at(-1).push(word.replaceAll('"', ''));
  }
  return found.filter((one) => one.length);
}

/** A filter that means exactly these runs. */
export const ofRuns = (names) => names.map((name) => `run="${name.replaceAll('"', '')}"`).join(' or ');
