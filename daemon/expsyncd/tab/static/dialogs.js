// What stands above the page: hints, questions with one field, what went wrong.

import {h} from './dom.js';

/** Where short messages appear. */
export const say = h('div', {class: 'say', role: 'alert'});
let timer = 0;

/** Say something for a few seconds. */
export function tell(text, look = '') {
  say.className = `say shown ${look}`;
  say.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => say.classList.remove('shown'), 6000);
}

/** Say what went wrong, with what to do about it. */
export function trouble(error) {
  tell([error.message, error.advice].filter(Boolean).join(': '), 'bad');
}

/** Do something; what goes wrong is said. */
export async function attempt(doing) {
  try {
    return await doing();
  } catch (error) {
    trouble(error);
    return undefined;
  }
}

/** A dialog over the page; resolves when it is closed, with what `dialog.close(…)` was given. */
export function shown(label, name, ...children) {
  const before = document.activeElement;
  const dialog = h('dialog', {class: name, 'aria-label': label}, ...children);
  document.body.append(dialog);
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close(''));
  const closed = new Promise((done) => dialog.addEventListener('close', () => {
    dialog.remove();
    before?.focus?.({preventScroll: true});
    done(dialog.returnValue);
  }));
  dialog.showModal();
  return {dialog, closed};
}

/** Ask for one text; null when the person thinks better of it. */
export async function asked(title, text, {long = false, hint = ''} = {}) {
  const field = long ? h('textarea', {rows: 5}) : h('input', {type: 'text', autocomplete: 'off'});
  field.value = text;
  field.setAttribute('aria-label', title);
  const form = h('form', {method: 'dialog'}, h('h2', null, title), field, hint && h('p', {class: 'dim'}, hint),
    h('div', {class: 'buttons'}, h('button', {value: ''}, 'Cancel'), h('button', {value: 'yes', class: 'first'}, 'Save')));
  const {dialog, closed} = shown(title, 'ask', form);
  field.focus();
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (!long || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      dialog.close('yes');
    }
  });
  return (await closed) === 'yes' ? field.value.trim() : null;
}

const KEYS = [
  ['Everywhere', [['1 \u2013 4', 'Runs, Samples, Journal, Hosts'], ['/', 'filter'], ['Esc', 'close, clear the filter'], ['?', 'this list']]],
  ['Runs', [['\u2191 \u2193', 'move'], ['Enter', 'open the run'], ['x', 'select'], ['p', 'pin'], ['h', 'hide from TensorBoard, show again'], ['n', 'note'], ['t', 'tags'], ['c', 'its curves in TensorBoard'], ['s', 'its samples']]],
  ['Samples', [['Space', 'play, pause'], [', .', 'one step back, on'], ['\u2190 \u2191 \u2192 \u2193', 'move between series'], ['Enter', 'full size'], ['[ ]', 'slower, faster'], ['End', 'newest, and follow it']]],
  ['Filters', [['lr=1e-3', 'a setting or a metric; also < > <= >='], ['state:failed', 'also host: tag: note: name:'], ['-word', 'without it']]],
];

/** The list of keys. */
export function help() {
  shown('Keys and hints', 'help',
    h('h2', null, 'Keys and hints'),
    h('div', {class: 'keys'}, KEYS.map(([title, rows]) => h('section', null, h('h3', null, title),
      h('dl', null, rows.map(([key, what]) => [h('dt', null, h('kbd', null, key)), h('dd', null, what)]))))),
    h('form', {method: 'dialog', class: 'buttons'}, h('button', {class: 'first'}, 'Close')));
}
