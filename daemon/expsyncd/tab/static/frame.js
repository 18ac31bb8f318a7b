// One frame in full size: the image as it came from the host, with its neighbours in time and on the wall.

import {url} from './ask.js';
import {shown} from './dialogs.js';
import {h, icon} from './dom.js';
import * as as from './say.js';
import {openRun} from './run.js';

/** Show a frame of `list[at]`; `done(at)` hears where the person left. */
export function openFrame({list, at, frames, transport, open, done}) {
  const picture = h('img', {alt: ''});
  const title = h('h2', null);
  const under = h('p', {class: 'dim'});
  const slider = h('input', {type: 'range', min: 0, step: 1, 'aria-label': 'Frame'});
  const links = h('p', {class: 'buttons'});
  let number = 0;
  // Pixels are what one wants to see of a 32 x 32 sample.
  picture.addEventListener('load', () => picture.classList.toggle('small', picture.naturalWidth < picture.clientWidth / 3 && picture.naturalHeight < picture.clientHeight / 3));
  const {dialog, closed} = shown('Frame', 'frame',
    h('header', null, title, h('span', {class: 'grow'}), h('button', {class: 'plain', 'aria-label': 'Close', title: 'Close (Esc)', onclick: () => dialog.close()}, icon('close'))),
    h('div', {class: 'stage'}, picture), under, slider, links);

  function show() {
    const series = list[at];
    const known = frames.lists.get(series.id);
    if (!known) return;
    number = Math.max(0, Math.min(known.steps.length - 1, number));
    slider.max = known.steps.length - 1;
    slider.value = number;
    title.textContent = `${series.run_name}  ${series.name}`;
    const step = known.steps[number];
    picture.src = url('picture', [['id', series.id], ['version', known.version], ['frame', number]]);
    picture.alt = `${series.name}, ${step === null ? known.labels[number] : `step ${step}`}`;
    under.textContent = [step === null ? known.labels[number] : `step ${as.step(step)}`, `${number + 1} of ${known.steps.length}`, series.width ? `${series.width} \u00d7 ${series.height}` : ''].filter(Boolean).join(' \u00b7 ');
    links.replaceChildren(
      h('button', {onclick: () => { dialog.close(); openRun(series.run, {open}); }}, 'Run'),
      h('button', {onclick: () => { dialog.close(); open('samples', {filter: `name:"${series.name}"`, focus: true}); }}, 'This series in all runs'),
      series.shown > 0 && h('a', {class: 'button', href: url('animation', [['id', series.id], ['kind', 'gif']]), download: '', target: '_blank'}, 'Animation'));
  }

  function sideways(by) {
    at = Math.max(0, Math.min(list.length - 1, at + by));
    number = Math.max(0, frames.at(list[at].id, transport.step, transport.part()));
    show();
  }

  function to(next) {
    number = next;
    show();
    const step = frames.lists.get(list[at].id)?.steps[number];
    const place = transport.steps.indexOf(step);
    if (place >= 0) transport.go(place);
  }

  slider.addEventListener('input', () => to(Number(slider.value)));
  dialog.addEventListener('keydown', (event) => {
    const does = {ArrowLeft: () => to(number - 1), ArrowRight: () => to(number + 1), ',': () => to(number - 1), '.': () => to(number + 1), ArrowUp: () => sideways(-1), ArrowDown: () => sideways(1)}[event.key];
    if (!does) return;
    does();
    event.preventDefault();
    event.stopPropagation();
  });
  sideways(0);
  closed.then(() => done(at));
}
