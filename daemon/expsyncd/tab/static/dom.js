// Making and renewing elements. Text only ever goes in as text: names on hosts are not ours.

const SVG = 'http://www.w3.org/2000/svg';

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    const says = name.startsWith('aria-'); // there, false is a value like any other
    if (value === null || value === undefined || (value === false && !says)) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one);
    else element.setAttribute(name, value === true && !says ? '' : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** An element: attributes by name, `on…` listeners, `style` an object; children are elements or text. */
export const h = (tag, attributes, ...children) => dress(document.createElement(tag), attributes, children);

/** The same in SVG. */
export const s = (tag, attributes, ...children) => dress(document.createElementNS(SVG, tag), attributes, children);

const icons = {
  pin: 'M9.5 2l4.5 4.5-2 .8-2.8 2.8.1 2.9-1.3 1.3-3-3L2 14l2.700-3-3-3L3 6.700l2.900.1L8.700 4z',
  eye: 'M1.500 8S4 3.500 8 3.500 14.500 8 14.500 8 12 12.500 8 12.500 1.500 8 1.500 8z M8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  play: 'M4.500 2.500v11l8.500-5.500z',
  pause: 'M4 2.500h2.800v11H4z M9.200 2.500H12v11H9.200z',
  close: 'M3.500 3.500l9 9 M12.500 3.500l-9 9',
  back: 'M10 3L5 8l5 5',
  forth: 'M6 3l5 5-5 5',
  chart: 'M2 13l4-5 3 3 5-8',
  copy: 'M5.500 5.500V2.500h8v8h-3 M2.500 5.500h8v8h-8z',
  images: 'M2.500 2.500h11v11h-11z M2.500 11l3.500-3.500 3 3 2-2 2.500 2.500',
  more: 'M3 8h.01 M8 8h.01 M13 8h.01',
  pull: 'M8 2v8 M4.500 7L8 10.500 11.500 7 M2.500 13.500h11',
};
const filled = new Set(['play', 'pause', 'pin']);

/** A small drawing beside a word. */
export const icon = (name) =>
  s('svg', {viewBox: '0 0 16 16', class: `icon${filled.has(name) ? ' filled' : ''}`, 'aria-hidden': 'true'},
    s('path', {d: icons[name]}));

/** Make `old` like `fresh`, keeping every element that can stay: focus, scrolling and open parts survive. */
export function morph(old, fresh) {
  for (const {name} of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  }
  for (const {name, value} of fresh.attributes) {
    if (old.getAttribute(name) !== value && name !== 'open') old.setAttribute(name, value);
  }
  morphChildren(old, ...fresh.childNodes);
}

/** Make the children of `old` like `children`: elements and text, as `h` takes them. */
export function morphChildren(old, ...children) {
  const holder = document.createDocumentFragment();
  dress(holder, null, children);
  const fresh = [...holder.childNodes];
  const keyed = new Map();
  for (const child of old.children) if (child.dataset?.key) keyed.set(child.dataset.key, child);
  let at = old.firstChild;
  for (const node of fresh) {
    const same = node.dataset?.key ? keyed.get(node.dataset.key) : null;
    if (same && same !== at) {
      old.insertBefore(same, at);
      at = same;
    }
    if (at && alike(at, node)) {
      if (at.nodeType === Node.TEXT_NODE) {
        if (at.data !== node.data) at.data = node.data;
      } else {
        morph(at, node);
      }
      at = at.nextSibling;
    } else {
      old.insertBefore(node, at);
    }
  }
  while (at) {
    const after = at.nextSibling;
    at.remove();
    at = after;
  }
}

function alike(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName
    && (one.dataset?.key ?? '') === (other.dataset?.key ?? '');
}
