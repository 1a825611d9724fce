/** What all parts of the page need of the document. */

export const byId = id => document.getElementById(id);

export const count = new Intl.NumberFormat('en');

export const calm = matchMedia('(prefers-reduced-motion: reduce)');

const SVG = 'http://www.w3.org/2000/svg';

export function element(name, attributes = {}, ...content) {
  return dress(document.createElement(name), attributes, content);
}

export function drawn(name, attributes = {}, ...content) {
  return dress(document.createElementNS(SVG, name), attributes, content);
}

function dress(made, attributes, content) {
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...content);
  return made;
}

/** Writes only what is different, so that nothing flickers and no selection is lost. */
export function write(target, text) {
  if (target.textContent !== String(text)) target.textContent = text;
}

export function millis(value) {
  if (value == null) return '–';
  if (value >= 1000) return (value / 1000).toFixed(1) + ' s';
  return value.toFixed(value < 10 ? 1 : 0) + ' ms';
}

export function many(number, one, more = one + 's') {
  return `${count.format(number)} ${number === 1 ? one : more}`;
}
