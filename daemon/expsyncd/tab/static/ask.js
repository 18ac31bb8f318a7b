// Asking our own plugin, and the loop that keeps the page live while it is looked at.

const AGAIN_MS = 1000;
const SHARE = 40; // a long answer waits this many times as long before it is asked for again,
const WAIT_MOST_MS = 5000; // but people do not

let token = null;

/** What went wrong, with what to do about it. */
export class Trouble extends Error {
  constructor(title, advice = '') {
    super(title);
    this.advice = advice;
  }
}

async function told(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    throw new Trouble(`TensorBoard answers ${response.status}`, 'reload the page');
  }
  if (!response.ok) throw new Trouble(body.error?.title ?? `answer ${response.status}`, body.error?.advice);
  return body;
}

async function reached(address, options) {
  try {
    return await fetch(address, options);
  } catch {
    throw new Trouble('TensorBoard does not answer', 'it is started again by itself; `expsyncd status` says more');
  }
}

/** `address` with each [name, value] added. */
export function url(address, pairs = []) {
  return pairs.length ? `${address}?${new URLSearchParams(pairs)}` : address;
}

/** The JSON that an address answers with. Throws Trouble. */
export async function read(address, pairs) {
  return told(await reached(url(address, pairs), {cache: 'no-store'}));
}

/** The bytes that an address answers with. Throws Trouble. */
export async function readBytes(address, pairs) {
  const response = await reached(url(address, pairs));
  if (!response.ok) await told(response);
  return response.arrayBuffer();
}

/** Change something. Throws Trouble. */
export async function change(address, words) {
  for (const again of [true, false]) {
    token ??= (await read('api/token')).token;
    const response = await reached(address, {
      method: 'POST',
      headers: {'Content-Type': 'application/json', 'X-Expsyncd-Token': token},
      body: JSON.stringify(words),
    });
    if (response.status !== 403 || !again) return told(response);
    token = null; // TensorBoard was started anew since
  }
}

/** Whether anybody can see the page: the browser's tab, and TensorBoard's own around our frame. */
export function visible() {
  if (document.hidden) return false;
  try {
    const frame = window.frameElement; // TensorBoard hides the frames of its other tabs, and makes them flat
    return !frame || (frame.offsetHeight > 0 && window.parent.getComputedStyle(frame).visibility === 'visible');
  } catch {
    return true;
  }
}

/** Calls `step` each second while the page is seen, never while it is hidden; at once when it is seen again. */
export function live(step) {
  let timer = 0;
  let busy = false;
  async function tick() {
    clearTimeout(timer);
    if (busy) return;
    if (visible()) {
      busy = true;
      try {
        await step();
      } finally {
        busy = false;
      }
    }
    timer = setTimeout(tick, AGAIN_MS);
  }
  document.addEventListener('visibilitychange', tick);
  window.addEventListener('resize', () => visible() && !busy && tick());
  tick();
  return tick;
}

/** A long answer that is asked for when `index` changes, and not too often: the longer it takes, the rarer. */
export class Answer {
  constructor(ask, share = SHARE) {
    this.ask = ask;
    this.share = share;
    this.value = null;
    this.key = null;
    this.notBefore = 0;
  }

  /** Whether there is a newer value now. `key`: asked for anew when it is another; `now`: do not wait. */
  async renew(key, now = false) {
    if (this.key === key || (!now && performance.now() < this.notBefore)) return false;
    const began = performance.now();
    this.key = key;
    try {
      this.value = await this.ask();
    } catch (error) {
      this.key = null;
      throw error;
    } finally {
      const ended = performance.now();
      this.notBefore = ended + Math.min(WAIT_MOST_MS, this.share * (ended - began));
    }
    return true;
  }
}
