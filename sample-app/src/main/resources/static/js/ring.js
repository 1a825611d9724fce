/** The slots as a ring, coloured by owner; the channels' slots are beads around it. */

import { calm, drawn, element, many } from './dom.js';
import { colour, letter } from './palette.js';
import { state } from './state.js';

const SLOTS = 16384;
const CENTRE = 200;
const BAND = 128;
const BEADS = [156, 166, 176, 186, 196];
const APART = 9.4;
const MIN_LABELLED = 300;

const angle = slot => slot / SLOTS * 2 * Math.PI;
const at = (radius, slot) => {
  const turn = angle(slot);
  return [CENTRE + radius * Math.sin(turn), CENTRE - radius * Math.cos(turn)].map(value => value.toFixed(2));
};

function arc(first, end) {
  // a whole circle has no beginning, and an arc must have one
  const last = end - first >= SLOTS ? end - 1 : end;
  const large = last - first > SLOTS / 2 ? 1 : 0;
  return `M${at(BAND, first).join(' ')}A${BAND} ${BAND} 0 ${large} 1 ${at(BAND, last).join(' ')}`;
}

function ranges(text) {
  return text ? text.split(',').map(range => {
    const [first, last = first] = range.split('-').map(Number);
    return { first, end: last + 1 };
  }) : [];
}

/** Slots that belong together but for a few that have moved, for the letters. */
function stretches(all) {
  const merged = [];
  for (const range of all) {
    const before = merged[merged.length - 1];
    if (before && range.first - before.end < 40) before.end = range.end;
    else merged.push({ ...range });
  }
  return merged.filter(stretch => stretch.end - stretch.first > MIN_LABELLED);
}

export class Ring {

  constructor(svg, legend, pick) {
    this.svg = svg;
    this.pick = pick;
    this.band = drawn('g', { fill: 'none', 'stroke-width': 34 });
    this.letters = drawn('g', { class: 'letters' });
    this.beadGroup = drawn('g', { class: 'beads' });
    this.middle = drawn('text', { x: CENTRE, y: CENTRE - 2, class: 'middle' });
    this.below = drawn('text', { x: CENTRE, y: CENTRE + 24, class: 'below' });
    svg.append(drawn('circle', { cx: CENTRE, cy: CENTRE, r: BAND, class: 'nobody', 'stroke-width': 34 }),
      this.band, this.letters, this.beadGroup, this.middle, this.below);
    this.beads = [];
    this.legend = legend;
  }

  show(update) {
    if (update.setting) this.string(update.setting);
    if (update.nodes) this.owners(update.nodes);
    for (const [index] of update.channels) this.bead(state.channels[index]);
  }

  string({ channels, slots }) {
    this.beads = [];
    const order = slots.map((slot, index) => [slot, index]).sort((a, b) => a[0] - b[0]);
    const lastOf = BEADS.map(() => -SLOTS);
    order.forEach(([slot, index]) => {
      const track = Math.max(0, BEADS.findIndex((radius, each) => angle(slot - lastOf[each]) * radius > APART));
      lastOf[track] = slot;
      const [cx, cy] = at(BEADS[track], slot + 0.5);
      const bead = drawn('circle', { cx, cy, r: 4.4 });
      bead.addEventListener('click', () => this.pick(index));
      this.beads[index] = bead;
    });
    this.beadGroup.replaceChildren(...this.beads);
    this.mark();
  }

  owners(nodes) {
    const masters = nodes.filter(node => node.slots > 0);
    this.band.replaceChildren(...masters.map(node => drawn('path',
      { d: ranges(node.ranges).map(({ first, end }) => arc(first, end)).join(''), stroke: colour(node.address) })));
    this.letters.replaceChildren(...masters.flatMap(node => stretches(ranges(node.ranges)).map(({ first, end }) => {
      const [x, y] = at(BAND, (first + end) / 2);
      return drawn('text', { x, y }, letter(node.address));
    })));
    this.middle.textContent = masters.length;
    this.below.textContent = masters.length === 1 ? 'master' : 'masters';
    this.legend.replaceChildren(...masters.map(node => element('li', {},
      element('span', { class: 'chip', style: `--node: ${colour(node.address)}` }, letter(node.address)), many(node.slots, 'slot'))));
    this.svg.setAttribute('aria-label', 'Ring of the slots: '
      + masters.map(node => `${letter(node.address)} owns ${node.slots}`).join(', '));
  }

  mark() {
    this.beads.forEach((bead, index) => bead.classList.toggle('picked', index === state.picked));
    // the last is drawn above all others
    if (this.beads[state.picked]) this.beadGroup.append(this.beads[state.picked]);
  }

  bead({ index, node, status }) {
    const bead = this.beads[index];
    const fill = status === 'SUBSCRIBED' ? colour(node) : 'none';
    if (bead.dataset.fill !== fill) {
      if (bead.dataset.fill && !calm.matches) {
        bead.animate([{ r: '10px' }, { r: '4.4px' }], { duration: 900, easing: 'ease-out' });
      }
      bead.dataset.fill = fill;
      bead.style.fill = fill;
      bead.classList.toggle('interrupted', fill === 'none');
      bead.replaceChildren(drawn('title', {}, `${state.setting.channels[index]}, slot ${state.setting.slots[index]}, node ${letter(node)}`));
    }
  }
}
