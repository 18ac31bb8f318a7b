// Frames of series by number: asked for in strips, kept encoded, decoded ahead of the hand that scrubs.

import {read, readBytes} from './ask.js';

const STRIP = 40; // frames asked for at once
const ENCODED_MOST = 256e6; // bytes
// Bytes of pixels: two dozen tiles of a hundred frames are 600 MB, so a part of the computer's memory has to do.
const DECODED_MOST = 64e6 * (navigator.deviceMemory ?? 4);
const TRIED = 8; // frames of which the farthest from the hand goes
const DECODING_MOST = 12; // at once: the browser has few threads for it
const LISTED_AT_ONCE = 100;
const TYPES = [null, 'image/jpeg', 'image/gif'];

/** Steps and pictures of series. `came()` is called when something that was asked for is there. */
export class Frames {
  constructor(came) {
    this.came = came;
    this.lists = new Map(); // series id to {version, steps, labels, of}
    this.encoded = new Map(); // series id to {version, blobs, bytes, asked: Set of strips}
    this.decoded = new Map(); // `id number` to a bitmap
    this.keys = []; // of these
    this.hand = new Map(); // series id to the number that was wanted last
    this.waiting = new Map(); // `id number` to what is to be decoded, the most wanted last
    this.decoding = new Set();
    this.pixels = 0;
    this.bytes = 0;
    this.stats = {decoded: 0, strips: 0};
  }

  /** Learn the steps of these series (rows of api/samples), where they are new or changed. */
  async list(rows) {
    const lacking = rows.filter((row) => this.lists.get(row.id)?.of !== row.rendered_at);
    for (let from = 0; from < lacking.length; from += LISTED_AT_ONCE) {
      const some = lacking.slice(from, from + LISTED_AT_ONCE);
      const {frames} = await read('api/frames', some.map((row) => ['id', row.id]));
      for (const row of some) if (frames[row.id]) this.take(row, frames[row.id]);
    }
    return lacking.length > 0;
  }

  take(row, found) {
    const before = this.lists.get(row.id);
    this.lists.set(row.id, {...found, of: row.rendered_at});
    if (!before || before.version === found.version) return;
    // A run that goes on has the same frames and more of them.
    const same = before.steps.every((step, n) => step === found.steps[n] && before.labels[n] === found.labels[n]);
    if (!same) this.forget(row.id);
    else if (this.encoded.has(row.id)) this.encoded.get(row.id).asked.delete(Math.floor((before.steps.length - 1) / STRIP));
  }

  forget(id) {
    this.bytes -= this.encoded.get(id)?.bytes ?? 0;
    this.encoded.delete(id);
    for (const key of [...this.decoded.keys()]) if (key.startsWith(`${id} `)) this.drop(key);
  }

  drop(key) {
    const bitmap = this.decoded.get(key);
    if (!bitmap) return;
    this.decoded.delete(key);
    this.keys[this.keys.indexOf(key)] = this.keys.at(-1);
    this.keys.pop();
    this.pixels -= 4 * bitmap.width * bitmap.height;
    bitmap.close();
  }

  /**
   * The number of the frame to show at `step`: the newest up to it; -1 for none yet. A series whose names say no
   * steps goes along by `part`, how far the scrubber is from 0 to 1.
   */
  at(id, step, part) {
    const steps = this.lists.get(id)?.steps;
    if (!steps?.length) return -1;
    if (steps[0] === null) return Math.round(part * (steps.length - 1));
    let [low, high] = [0, steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle] === null || steps[middle] > step) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  }

  /** The bitmap of a frame; null when it is not decoded, and then it is asked for. `side`: its largest use. */
  get(id, number, side) {
    const key = `${id} ${number}`;
    this.hand.set(id, number);
    const bitmap = this.decoded.get(key) ?? null;
    if (!bitmap) this.want(id, number, side);
    return bitmap;
  }

  want(id, number, side) {
    const key = `${id} ${number}`;
    if (this.decoded.has(key) || this.decoding.has(key)) return;
    const blob = this.encoded.get(id)?.blobs[number];
    if (blob === undefined) this.load(id, Math.floor(number / STRIP));
    if (!blob) return;
    this.waiting.delete(key);
    this.waiting.set(key, {id, number, side, blob});
    this.pump();
  }

  /** Get ready what comes next: `ahead` numbers of frames, the soonest first. */
  prepare(id, ahead, side) {
    const count = this.lists.get(id)?.steps.length ?? 0;
    for (const number of ahead.toReversed()) if (number >= 0 && number < count) this.want(id, number, side);
  }

  /** Forget wishes that were not met: the hand has moved on. */
  calm() {
    this.waiting.clear();
  }

  async load(id, strip) {
    const list = this.lists.get(id);
    if (!list) return;
    const kept = this.encoded.get(id) ?? {blobs: [], bytes: 0, asked: new Set()};
    this.encoded.delete(id);
    this.encoded.set(id, kept);
    if (kept.asked.has(strip)) return;
    kept.asked.add(strip);
    const first = strip * STRIP;
    try {
      let from = first;
      const to = Math.min(list.steps.length, first + STRIP);
      while (from < to) {
        const body = await readBytes('strip', [['id', id], ['version', list.version], ['from', from], ['to', to]]);
        const count = this.cut(kept, from, body);
        if (!count) throw new Error('other frames by now');
        from += count;
      }
      this.stats.strips++;
    } catch {
      this.lists.delete(id); // the next list brings their version
      kept.asked.delete(strip);
    }
    this.shrink();
    this.came(id);
  }

  cut(kept, from, body) {
    const view = new DataView(body);
    let [at, count] = [0, 0];
    while (at + 5 <= body.byteLength) {
      const [kind, length] = [view.getUint8(at), view.getUint32(at + 1, true)];
      kept.blobs[from + count] = TYPES[kind] ? new Blob([new Uint8Array(body, at + 5, length)], {type: TYPES[kind]}) : null;
      kept.bytes += length;
      this.bytes += length;
      at += 5 + length;
      count++;
    }
    return count;
  }

  shrink() {
    for (const id of this.encoded.keys()) {
      if (this.bytes < ENCODED_MOST || this.encoded.size < 2) return;
      this.bytes -= this.encoded.get(id).bytes;
      this.encoded.delete(id);
    }
  }

  /** Of some decoded frames the one farthest from the hand: to and fro, it is wanted last again. */
  farthest() {
    let [found, most] = [this.keys[0], -1];
    for (let n = 0; n < TRIED; n++) {
      const key = this.keys[Math.floor(Math.random() * this.keys.length)];
      const [id, number] = key.split(' ');
      const away = Math.abs(Number(number) - (this.hand.get(id) ?? Infinity));
      if (away > most) [found, most] = [key, away];
    }
    return found;
  }

  pump() {
    while (this.decoding.size < DECODING_MOST && this.waiting.size) {
      const [key, wanted] = [...this.waiting].at(-1);
      this.waiting.delete(key);
      this.decode(key, wanted);
    }
  }

  async decode(key, {id, side, blob}) {
    this.decoding.add(key);
    try {
      let bitmap = await createImageBitmap(blob);
      const largest = Math.max(bitmap.width, bitmap.height);
      if (largest > 2 * side) {
        const [width, height] = [bitmap.width, bitmap.height].map((one) => Math.max(1, Math.round((one * side) / largest)));
        const small = await createImageBitmap(bitmap, {resizeWidth: width, resizeHeight: height, resizeQuality: 'medium'});
        bitmap.close();
        bitmap = small;
      }
      this.decoded.set(key, bitmap);
      this.keys.push(key);
      this.pixels += 4 * bitmap.width * bitmap.height;
      this.stats.decoded++;
      while (this.pixels > DECODED_MOST && this.keys.length > 1) this.drop(this.farthest());
    } catch {
      // Not a picture after all: the tile keeps what it shows.
      const kept = this.encoded.get(id);
      if (kept) kept.blobs[Number(key.split(' ')[1])] = null;
    } finally {
      this.decoding.delete(key);
      this.came(id);
      this.pump();
    }
  }
}
