// The scrubber: one step for all series, by hand or playing.

import {h, icon} from './dom.js';
import {choices, choose} from './model.js';
import * as as from './say.js';

const SPEEDS = [1, 2, 5, 10, 20, 30];

/** `step` is where it stands; `moved()` hears of each move. It follows the newest until it is moved by hand. */
export class Transport {
  constructor(moved) {
    this.moved = moved;
    this.steps = [];
    this.at = 0;
    this.follows = true;
    this.playing = 0;
    this.button = h('button', {class: 'play', title: 'Play (space)', 'aria-label': 'Play', onclick: () => this.toggle()}, icon('play'));
    this.slider = h('input', {type: 'range', min: 0, max: 0, step: 1, value: 0, 'aria-label': 'Step'});
    this.said = h('output', {class: 'figure'});
    this.newest = h('button', {class: 'newest', title: 'Follow the newest (End)', 'aria-pressed': true, onclick: () => this.follow()}, 'newest');
    this.speed = h('select', {'aria-label': 'Steps a second'}, SPEEDS.map((one) => h('option', {value: one, selected: one === choices.speed}, `${one}/s`)));
    const by = (delta, name, title) => h('button', {class: 'plain', title, 'aria-label': title, onclick: () => this.go(this.at + delta)}, icon(name));
    this.element = h('div', {class: 'transport', role: 'toolbar', 'aria-label': 'Step'},
      this.button, by(-1, 'back', 'Step back (,)'), by(1, 'forth', 'Step on (.)'), this.slider, this.said, this.speed, this.newest);
    this.slider.addEventListener('input', () => this.go(Number(this.slider.value)));
    this.speed.addEventListener('change', () => choose({speed: Number(this.speed.value)}));
  }

  /** The step it stands at. */
  get step() {
    return this.steps[this.at] ?? Infinity;
  }

  /** The step some places further; null beyond the ends. */
  near(places) {
    return this.steps[this.at + places] ?? null;
  }

  /** How far the step some places further is, from 0 to 1. */
  part(places = 0) {
    return this.steps.length > 1 ? Math.max(0, Math.min(1, (this.at + places) / (this.steps.length - 1))) : 1;
  }

  /** All steps there are, in order; `word`: what they are. */
  scale(steps, word = 'step') {
    const before = this.step;
    this.steps = steps;
    this.word = word;
    this.slider.max = Math.max(0, steps.length - 1);
    if (this.follows || before === Infinity) this.set(steps.length - 1);
    else this.set(Math.max(0, steps.findLastIndex((step) => step <= before)));
  }

  set(at) {
    this.at = Math.max(0, Math.min(this.steps.length - 1, at));
    this.slider.value = this.at;
    this.slider.setAttribute('aria-valuetext', `${this.word ?? 'step'} ${this.steps[this.at] ?? ''}`);
    this.said.textContent = this.steps.length ? `${this.word} ${as.step(this.step)}` : 'no steps';
    this.newest.setAttribute('aria-pressed', this.follows);
    this.moved();
  }

  /** Go there by hand. */
  go(at) {
    this.follows = false;
    this.set(at);
  }

  /** Stand at the newest, and go on with it. */
  follow() {
    this.stop();
    this.follows = true;
    this.set(this.steps.length - 1);
  }

  toggle() {
    if (this.playing) this.stop();
    else this.play();
  }

  play() {
    if (this.at >= this.steps.length - 1) this.go(0);
    let last = performance.now();
    const turn = (now) => {
      const due = Math.floor(((now - last) * choices.speed) / 1000);
      if (due > 0) {
        last += (due * 1000) / choices.speed;
        this.go(this.at + due > this.steps.length - 1 && this.at < this.steps.length - 1 ? this.steps.length - 1 : (this.at + due) % Math.max(1, this.steps.length));
      }
      this.playing = requestAnimationFrame(turn);
    };
    this.playing = requestAnimationFrame(turn);
    this.shown();
  }

  stop() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.shown();
  }

  shown() {
    this.button.replaceChildren(icon(this.playing ? 'pause' : 'play'));
    this.button.setAttribute('aria-label', this.playing ? 'Pause' : 'Play');
    this.button.title = `${this.playing ? 'Pause' : 'Play'} (space)`;
  }

  key(event) {
    const onButton = event.target.closest?.('button, select');
    if (event.key === ' ' && !onButton) this.toggle();
    else if (event.key === ',' || (event.key === 'ArrowLeft' && event.target !== this.slider)) this.go(this.at - 1);
    else if (event.key === '.' || (event.key === 'ArrowRight' && event.target !== this.slider)) this.go(this.at + 1);
    else if (event.key === 'Home') this.go(0);
    else if (event.key === 'End') this.follow();
    else if (event.key === '[' || event.key === ']') {
      const to = SPEEDS.indexOf(choices.speed) + (event.key === ']' ? 1 : -1);
      choose({speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, to))]});
      this.speed.value = choices.speed;
    } else return false;
    return true;
  }
}
