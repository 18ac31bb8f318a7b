// A list of any length of which only the rows in view are in the page.

const SPARE = 6; // rows above and below what is seen

/**
 * `draw(item, number)` makes a row; all are `height` pixels high. `seen(items)` hears what came into view.
 * `spare`: rows above and below that are in the page, too.
 */
export class Rows {
  constructor(scroller, body, {height, draw, seen, spare = SPARE}) {
    Object.assign(this, {scroller, body, height, draw, seen, spare, items: [], shown: new Map()});
    scroller.addEventListener('scroll', () => this.plan(), {passive: true});
    new ResizeObserver(() => this.plan()).observe(scroller);
  }

  /** Show other items. `at`: where the focus goes if it is in a row now; the item may stand elsewhere by then. */
  show(items, height = this.height, at = undefined) {
    this.items = items;
    this.height = height;
    this.at = at;
    this.body.style.setProperty('height', `${items.length * height}px`);
    this.drawn(true);
  }

  /** Whether a row is seen, if only in part. */
  inView(number) {
    const top = number * this.height - this.scroller.scrollTop;
    return top < this.scroller.clientHeight && top + this.height > 0;
  }

  plan() {
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => {
      this.planned = false;
      this.drawn(false);
    });
  }

  drawn(anew) {
    const top = this.scroller.scrollTop;
    const first = Math.max(0, Math.floor(top / this.height) - this.spare);
    const last = Math.min(this.items.length, Math.ceil((top + this.scroller.clientHeight) / this.height) + this.spare);
    const inside = anew && this.body.contains(document.activeElement) ? document.activeElement : null;
    const kept = inside?.closest('[data-number]')?.dataset.number;
    const old = [...this.shown].filter(([number]) => anew || number < first || number >= last);
    for (const [number] of old) this.shown.delete(number);
    for (let number = first; number < last; number++) {
      if (this.shown.has(number)) continue;
      const row = this.draw(this.items[number], number);
      row.dataset.number = number;
      row.style.setProperty('transform', `translateY(${number * this.height}px)`);
      row.style.setProperty('height', `${this.height}px`);
      this.shown.set(number, row);
      this.body.append(row);
    }
    for (const [, row] of old) row.remove();
    if (kept !== undefined) this.shown.get(this.at ?? Number(kept))?.focus({preventScroll: true});
    this.seen?.(this.items.slice(first, last));
  }

  /** Draw one row anew, if it is in the page. */
  redraw(number) {
    const old = this.shown.get(number);
    if (!old) return;
    const focused = old === document.activeElement;
    old.remove();
    this.shown.delete(number);
    this.drawn(false);
    if (focused) this.shown.get(number)?.focus({preventScroll: true});
  }

  /** Bring a row into view and give it the focus. */
  focus(number) {
    const head = this.scroller.querySelector('[data-sticky]')?.offsetHeight ?? 0;
    const top = number * this.height;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    const room = this.scroller.clientHeight - head;
    if (top + this.height > this.scroller.scrollTop + room) this.scroller.scrollTop = top + this.height - room;
    this.drawn(false);
    this.shown.get(number)?.focus({preventScroll: true});
  }
}
