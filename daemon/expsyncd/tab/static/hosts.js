// What `expsyncd status` says, live, with the wishes one can make from here.

import {change} from './ask.js';
import {chip} from './columns.js';
import {attempt, tell} from './dialogs.js';
import {h, icon, morphChildren} from './dom.js';
import {model} from './model.js';
import * as as from './say.js';

const SKIPPED_SHOWN = 20;

export function hostsView() {
  const inner = h('div', {class: 'inner'});
  const element = h('section', {class: 'hosts'}, inner);

  function told() {
    const value = model.hosts.value;
    if (!value) return;
    const {status} = value;
    morphChildren(inner, status ? [above(status), ...Object.entries(status.hosts).map(([name, host]) => card(name, host, value)), !Object.keys(status.hosts).length && none(status), boards(status)].filter(Boolean) : away(value));
  }

  element.addEventListener('click', async (event) => {
    const button = event.target.closest('[data-do]');
    if (!button) return;
    const {do: does, host, source, text} = button.dataset;
    if (does === 'copy') {
      await attempt(() => copied(text));
      return;
    }
    button.disabled = true;
    const done = await attempt(() => change(`api/${does}`, {host, ...(does === 'pull' ? {source: source ?? null} : {})}));
    button.disabled = false;
    if (done) tell({pull: `${host}: pulling`, pause: `${host}: paused`, resume: `${host}: goes on`}[does]);
  });

  return {element, told, show: told, focus: () => inner.querySelector('button')?.focus(), key: () => false};
}

async function copied(text) {
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else throw new Error(`copy it by hand: ${text}`);
  tell(`copied: ${text}`);
}

function above({root, tensorboard, config, samples, notices, version}) {
  const troubles = [root.error, tensorboard.error, config.error].filter(Boolean);
  return h('div', {class: 'above', 'data-key': ':above'},
    h('dl', {class: 'strip'},
      fact('TensorBoard', [chip(tensorboard.status), ` ${as.counted(tensorboard.runs, 'run')}`, h('span', {class: 'dim'}, tensorboard.hidden > 0 && ` \u00b7 ${tensorboard.hidden} hidden`, tensorboard.folded > 0 && ` \u00b7 ${tensorboard.folded} folded by the rule`)]),
      fact('Root', [root.path, root.free_bytes !== null && h('span', {class: 'dim'}, ` ${as.bytes(root.free_bytes)} free`)]),
      fact('Config', config.path),
      fact('Samples', `${samples.series} series${samples.waiting ? `, ${samples.waiting} being rendered` : ''}`),
      fact('Version', version)),
    troubles.map((trouble) => h('p', {class: 'trouble bad'}, h('b', null, trouble.title), ' ', trouble.advice)),
    [...notices, ...tensorboard.notices].map((text) => h('p', {class: 'trouble'}, text)));
}

const fact = (name, what) => h('div', null, h('dt', null, name), h('dd', null, what));

function card(name, host, {jobs}) {
  const own = jobs.filter((job) => job.host === name);
  const paused = host.status === 'paused';
  return h('article', {class: `card ${as.look(host.status)}`, 'data-key': name},
    h('header', null, h('h2', null, name), chip(host.status, host.sentence),
      h('span', {class: 'dim'}, `since ${as.age(host.since)}`, host.ssh && host.ssh !== name && ` \u00b7 ${host.ssh}`, ` \u00b7 ${{following: 'followed', off: 'not followed'}[host.following] ?? host.following}`, Math.abs(host.clock_offset_seconds ?? 0) > 2 && ` \u00b7 its clock is off by ${as.span(Math.abs(host.clock_offset_seconds))}`),
      h('span', {class: 'grow'}),
      h('button', {'data-do': 'pull', 'data-host': name, disabled: paused || host.status === 'needs-login'}, icon('pull'), 'Pull now'),
      h('button', {'data-do': paused ? 'resume' : 'pause', 'data-host': name}, paused ? 'Resume' : 'Pause')),
    host.error && trouble(host.error, host.next_at && `tried again in ${as.until(host.next_at)}`),
    host.status === 'needs-login' && command(`expsyncd login ${name}`),
    host.notices.map((text) => h('p', {class: 'trouble'}, text)),
    h('div', {class: 'scrolls'}, h('table', {class: 'sources'},
      h('thead', null, h('tr', null, heads(['Source', 'State', '>Lag', 'Last pull', '>Files', '>Size', '>Took', '>Next', 'Following', '']))),
      h('tbody', null, Object.entries(host.sources).map(([own_, source]) => sourceRow(name, own_, source))))),
    Object.entries(host.sources).filter(([, source]) => source.skipped_total || source.error || source.notices.length).map(([own_, source]) => aside(name, own_, source)),
    Object.keys(host.tunnels).length > 0 && h('ul', {class: 'tunnels'}, Object.entries(host.tunnels).map(([own_, one]) => tunnel(own_, one))),
    gpus(host.gpus),
    queue(host.jobs, own));
}

function queue(state, jobs) {
  if (!state && !jobs.length) return null;
  const counts = state && [['running', state.running], ['pending', state.pending], ['failed in a day', state.failed_recently]].filter(([, count]) => count).map(([word, count]) => `${count} ${word}`);
  const next = state?.next && ` \u00b7 next: ${state.next.job} ${state.next.name}${state.next.expected_at ? ` in ${as.until(state.next.expected_at)}` : ''}${state.next.reason ? `, ${state.next.reason}` : ''}`;
  return h('details', {class: 'more', 'data-key': ':jobs'},
    h('summary', null, 'Jobs: ', counts?.length ? counts.join(', ') : jobs.length ? tally(jobs) : 'none', next && h('span', {class: 'dim'}, next)),
    state?.error && trouble(state.error),
    jobs.length > 0 && h('div', {class: 'scrolls'}, h('table', null, h('tbody', null, jobs.map((job) => h('tr', {'data-key': job.job}, h('td', null, job.job), h('td', null, job.name), h('td', null, chip(job.state)), h('td', null, job.node), h('td', null, job.reason)))))));
}

/** The heads of columns; `>` before those of figures. */
const heads = (titles) => titles.map((title) => h('th', {scope: 'col', class: title.startsWith('>') && 'figures'}, title.replace('>', '')));

function tally(jobs) {
  const counts = {};
  for (const {state} of jobs) counts[state] = (counts[state] ?? 0) + 1;
  return Object.entries(counts).map(([state, count]) => [chip(`${state}`), ` ${count} `]);
}

function trouble({title, advice}, more) {
  return h('p', {class: 'trouble warn'}, h('b', null, title), ' ', advice, more && h('span', {class: 'dim'}, ` \u00b7 ${more}`));
}

function command(text) {
  return h('p', {class: 'command'}, h('code', null, text), h('button', {'data-do': 'copy', 'data-text': text, title: 'Copy'}, icon('copy'), 'Copy'));
}

function sourceRow(host, name, source) {
  const last = source.last_pull;
  return h('tr', {'data-key': name}, [
    h('th', {scope: 'row', title: source.path}, name),
    h('td', {title: source.sentence}, chip(source.status), source.progress && progress(source.progress)),
    h('td', {class: 'figures', title: source.lag_as_of && `as of ${as.at(source.lag_as_of)}`}, source.lag_seconds === null ? '\u2013' : as.lag(source.lag_seconds)),
    h('td', {title: last && as.at(last.at)}, last ? [`${as.age(last.at)} ago `, last.outcome !== 'complete' && chip(last.outcome)] : 'never'),
    h('td', {class: 'figures'}, last ? last.files.toLocaleString('en') : ''),
    h('td', {class: 'figures'}, last ? as.bytes(last.bytes) : ''),
    h('td', {class: 'figures'}, last ? `${last.seconds.toFixed(1)} s` : ''),
    h('td', {class: 'figures'}, as.until(source.next_pull_at)),
    h('td', {title: followed(source.follow)}, source.following, source.follow.arrival && h('span', {class: 'dim'}, ` \u00b7 ${source.follow.arrival.p50.toFixed(1)} s`)),
    h('td', null, h('button', {class: 'plain', 'data-do': 'pull', 'data-host': host, 'data-source': name, title: `Pull ${name} now`, 'aria-label': `Pull ${host}/${name} now`}, icon('pull'))),
  ]);
}

const followed = ({reason, watches, arrival}) => [reason, watches && `${watches} folders watched`, arrival && `half of the bytes are here ${arrival.p50.toFixed(2)} s after they were written, 95 % after ${arrival.p95.toFixed(2)} s`].filter(Boolean).join('\n');

function progress({bytes, total_bytes: total, files, total_files: of}) {
  const part = total ? bytes / total : of ? files / of : null;
  return h('progress', part === null ? {'aria-label': 'Pull'} : {value: part.toFixed(3), max: 1, 'aria-label': 'Pull'});
}

function aside(host, name, source) {
  const rest = source.skipped_total - Math.min(SKIPPED_SHOWN, source.skipped.length);
  return h('div', {class: 'aside', 'data-key': `aside ${name}`},
    source.error && h('p', {class: 'trouble warn'}, h('b', null, `${name}: ${source.error.title}`), ' ', source.error.advice),
    source.notices.map((text) => h('p', {class: 'trouble'}, `${name}: ${text}`)),
    source.skipped_total > 0 && h('details', {class: 'more'}, h('summary', null, `${name}: ${as.counted(source.skipped_total, 'file')} skipped, ${as.bytes(source.skipped_bytes)}`),
      h('div', {class: 'scrolls'}, h('table', null, h('tbody', null, source.skipped.slice(0, SKIPPED_SHOWN).map((one) => h('tr', null, h('td', null, one.path), h('td', {class: 'figures'}, as.bytes(one.bytes)), h('td', {class: 'dim'}, one.reason)))))),
      rest > 0 && h('p', {class: 'dim'}, `and ${rest.toLocaleString('en')} more`)));
}

const web = (address) => /^https?:\/\//.test(address ?? '');

function tunnel(name, one) {
  return h('li', {'data-key': name}, chip(one.status), ' ', web(one.url) && one.status === 'open' ? h('a', {href: one.url, target: '_blank', rel: 'noreferrer'}, one.tensorboard ? `TensorBoard ${name}` : one.url) : h('b', null, one.url ?? name),
    h('span', {class: 'dim'}, ` ${one.local} \u2192 ${one.remote}`), one.error && h('span', null, ' ', h('b', null, one.error.title), ' ', one.error.advice));
}

function gpus(found) {
  if (!found) return null;
  return [found.error && trouble(found.error),
    found.gpus?.length > 0 && h('ul', {class: 'gpus', 'aria-label': 'GPUs'}, found.gpus.map((gpu) => h('li', {'data-key': `gpu ${gpu.index}`},
      h('b', null, `GPU ${gpu.index}`), h('span', {class: 'dim'}, gpu.name),
      h('meter', {min: 0, max: 100, value: gpu.use_percent ?? 0, 'aria-label': 'use'}), h('span', {class: 'figure'}, gpu.use_percent === null ? '' : `${gpu.use_percent} %`),
      h('meter', {min: 0, max: gpu.total_bytes ?? 1, value: gpu.memory_bytes ?? 0, 'aria-label': 'memory'}), h('span', {class: 'figure'}, gpu.memory_bytes === null ? '' : `${as.bytes(gpu.memory_bytes)} of ${as.bytes(gpu.total_bytes)}`),
      h('span', {class: 'dim'}, [gpu.celsius !== null && `${gpu.celsius} \u00b0C`, gpu.watts !== null && `${Math.round(gpu.watts)} W`, users(gpu.processes)].filter(Boolean).join(' \u00b7 ')),
      gpu.trouble && h('b', {class: 'bad'}, gpu.trouble))))];
}

const users = (processes) => [...new Set(processes.map((one) => [one.user, one.name].filter(Boolean).join(' ') || one.pid))].join(', ');

function boards(status) {
  const found = Object.entries(status.hosts).flatMap(([host, {tunnels}]) => Object.entries(tunnels).filter(([, one]) => one.tensorboard && web(one.url)).map(([name, one]) => [host, name, one]));
  if (!found.length) return null;
  return h('article', {class: 'card', 'data-key': ':boards'}, h('header', null, h('h2', null, 'TensorBoards of hosts')),
    h('ul', {class: 'tunnels'}, found.map(([host, name, one]) => h('li', {'data-key': `${host} ${name}`}, chip(one.status), ' ', h('a', {href: one.url, target: '_blank', rel: 'noreferrer'}, one.url), h('span', {class: 'dim'}, ` ${host}, ${one.remote}`)))));
}

function none(status) {
  return h('div', {class: 'empty', 'data-key': ':none'}, h('h2', null, 'No hosts yet'), h('p', null, 'Name one in ', h('code', null, status.config.path), '; it is read as soon as you save it. Any name that ', h('code', null, 'ssh'), ' knows will do.'));
}

function away({pulls, jobs, paused, error}) {
  return [
    h('div', {class: 'empty', 'data-key': ':away'}, h('h2', null, error.title), h('p', null, error.advice)),
    pulls.length > 0 && h('article', {class: 'card', 'data-key': ':pulls'}, h('header', null, h('h2', null, 'Known last')),
      h('div', {class: 'scrolls'}, h('table', {class: 'sources'},
        h('thead', null, h('tr', null, heads(['Source', '>Runs', 'Last pull', 'Outcome', '>Files', '>Size', 'Last success']))),
        h('tbody', null, pulls.map(({host, source, runs, last_pull: last, last_success_at: success}) => h('tr', {'data-key': `${host}/${source}`},
          h('th', {scope: 'row'}, `${host}/${source}`, paused.includes(host) && [' ', chip('paused')]), h('td', {class: 'figures'}, runs), h('td', null, last ? `${as.age(last.at)} ago` : 'never'), h('td', null, last && chip(last.outcome)),
          h('td', {class: 'figures'}, last?.files), h('td', {class: 'figures'}, last && as.bytes(last.bytes)), h('td', null, success && `${as.age(success)} ago`))))))),
    jobs.length > 0 && h('p', {class: 'dim', 'data-key': ':jobs'}, as.counted(jobs.length, 'job'), ' known: ', tally(jobs)),
  ].filter(Boolean);
}
