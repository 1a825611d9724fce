/** Each node has a letter and a colour for as long as the page is open; no two of the first nine are alike, whatever the eye. */

const COLOURS = 9;
const known = new Map();
const root = document.documentElement;
let resolved = new Map();

export function learn(nodes) {
  nodes.forEach(node => indexOf(node.address));
}

function indexOf(address) {
  if (!known.has(address)) known.set(address, known.size);
  return known.get(address);
}

export function letter(address) {
  return address ? String.fromCharCode(65 + indexOf(address) % 26) : '–';
}

/** For style sheets and SVG. */
export function colour(address) {
  return address ? `var(--n${indexOf(address) % COLOURS})` : 'var(--quiet)';
}

/** For a canvas, which knows no variables. */
export function ink(name) {
  if (!resolved.has(name)) resolved.set(name, getComputedStyle(root).getPropertyValue(name).trim());
  return resolved.get(name);
}

export function nodeInk(address) {
  return address ? ink(`--n${indexOf(address) % COLOURS}`) : ink('--quiet');
}

/** Calls back when the visitor goes from light to dark, or the other way. */
export function onTheme(callback) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    resolved = new Map();
    callback();
  });
}
