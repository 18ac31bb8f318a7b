// Figures as people read them.

/** `1.5 GB`: decimal, three digits at most. */
export function bytes(count) {
  if (count === null || count === undefined) return '';
  for (const unit of ['B', 'kB', 'MB', 'GB', 'TB']) {
    if (Math.abs(count) < 999.5 || unit === 'TB') {
      return `${unit === 'B' || Math.abs(count) >= 99.95 ? count.toFixed(0) : count.toFixed(1)} ${unit}`;
    }
    count /= 1000;
  }
}

/** A lag: a second is much where it usually is less. */
export const lag = (seconds) => (seconds === null || seconds === undefined ? '' : seconds < 10 ? `${seconds.toFixed(1)}s` : span(seconds));

/** `45s`, `12m`, `3h`, `9d`: one unit, rounded down. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return '';
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['m', 60]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  }
  return `${Math.max(0, Math.floor(seconds))}s`;
}

const moment = (at) => (typeof at === 'string' ? Date.parse(at) / 1000 : at);

/** How long ago a moment is: seconds since 1970 or RFC 3339. */
export const age = (at) => (at === null || at === undefined ? '' : span(Date.now() / 1000 - moment(at)));

/** How long until a moment. */
export const until = (at) => (at === null || at === undefined ? '' : span(moment(at) - Date.now() / 1000));

const whole = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'medium'});
const days = new Intl.DateTimeFormat(undefined, {dateStyle: 'full'});
const clock = new Intl.DateTimeFormat(undefined, {timeStyle: 'short'});

/** A moment in full, for titles. */
export const at = (when) => (when === null || when === undefined ? '' : whole.format(new Date(moment(when) * 1000)));

/** The day of a moment. */
export const day = (when) => days.format(new Date(when * 1000));

/** The time of day of a moment. */
export const hour = (when) => clock.format(new Date(when * 1000));

/** A measured value: four digits, as short as it can be. JSON cannot say NaN, so it comes as a string. */
export function value(number) {
  if (number === null || number === undefined) return '';
  if (typeof number === 'string') return number;
  if (Number.isInteger(number) && Math.abs(number) < 1e6) return String(number);
  const size = Math.abs(number);
  if (size !== 0 && (size >= 1e6 || size < 1e-3)) return number.toExponential(2).replace('e+', 'e');
  return number.toPrecision(4).replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

/** A step: whole, in groups of three. */
export const step = (number) => (number === null || number === undefined ? '' : number.toLocaleString('en').replaceAll(',', '\u2009'));

/** `1 file`, `2 files`. */
export const counted = (number, thing) => `${number.toLocaleString('en')} ${thing}${number === 1 ? '' : 's'}`;

// What a state means to the eye: good, doing, warn, bad, or nothing much.
const looks = {
  growing: 'good', fresh: 'good', connected: 'good', open: 'good', live: 'good', RUNNING: 'good', serving: 'good', complete: 'good', following: 'good',
  pulling: 'doing', connecting: 'doing', opening: 'doing', starting: 'doing', PENDING: 'doing', restarting: 'doing',
  stalled: 'warn', stale: 'warn', partial: 'warn', waiting: 'warn', suspect: 'warn', 'needs-login': 'warn', retry: 'warn', symbolic: 'warn',
  failed: 'bad', FAILED: 'bad', TIMEOUT: 'bad', OUT_OF_MEMORY: 'bad', NODE_FAIL: 'bad', 'give-up': 'bad',
  finished: 'calm', COMPLETED: 'calm', commented: 'calm',
};

/** The look of a status word. */
export const look = (word) => looks[word] ?? 'quiet';
