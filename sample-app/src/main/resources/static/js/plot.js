/** Messages a second, stacked by node: when a slot moves the colours change, and the height does not. */

import { count, drawn } from './dom.js';
import { colour, letter } from './palette.js';
import { state } from './state.js';

const SECONDS = 180;
const HEIGHT = 210;
const TOP = 10;
const FLOOR = 166;
const MARKS = 174;
const LEFT = 38;
const APART = 26;
const STEPS = [10, 20, 50, 100, 150, 200, 300, 400, 600, 800, 1000, 2000, 5000, 10000];
const NOTED = { NODE_DOWN: '✕', NODE_ADDED: '+', PROMOTED: '▲' };

export class Plot {

  constructor(root) {
    this.svg = drawn('svg', { height: HEIGHT, role: 'img' });
    root.append(this.svg);
    new ResizeObserver(() => this.show()).observe(root);
    this.root = root;
  }

  show() {
    this.width = this.root.clientWidth;
    if (!this.width || !state.pulses.length) return;
    this.svg.setAttribute('width', this.width);
    const { pulses } = state;
    this.end = pulses[pulses.length - 1].at;
    const most = Math.max(10, ...pulses.map(pulse => Math.max(pulse.messages, pulse.lettuceAlone || 0)));
    this.top = STEPS.find(step => step >= most * 1.1) || most * 1.1;
    this.svg.replaceChildren(...this.axes(), ...this.layers(pulses), ...this.lettuce(pulses), ...this.marks(pulses), ...this.notes());
    const now = pulses[pulses.length - 1].messages;
    const interrupted = pulses.reduce((sum, pulse) => sum + pulse.interrupted, 0);
    this.svg.setAttribute('aria-label', `Messages a second: now ${now}; interruptions in the last three minutes: ${interrupted}`);
  }

  x(millis) {
    return LEFT + (this.width - LEFT) * (1 - (this.end - millis) / 1000 / SECONDS);
  }

  y(value) {
    return FLOOR - (FLOOR - TOP) * value / this.top;
  }

  axes() {
    const lines = [0, this.top / 2, this.top].flatMap(value => [
      drawn('line', { x1: LEFT, x2: this.width, y1: this.y(value), y2: this.y(value), class: 'rule' }),
      drawn('text', { x: LEFT - 8, y: this.y(value) + 4, 'text-anchor': 'end' }, count.format(Math.round(value))),
    ]);
    const times = (this.width < 480 ? [180, 0] : [180, 120, 60, 0]).map(ago => drawn('text', {
      x: this.x(this.end - ago * 1000), y: HEIGHT - 4, 'text-anchor': ago === 180 ? 'start' : ago === 0 ? 'end' : 'middle',
    }, ago ? `${ago / 60} min ago` : 'now'));
    return [...lines, ...times];
  }

  layers(pulses) {
    const addresses = state.nodes.map(node => node.address);
    const floor = pulses.map(() => 0);
    return addresses.filter(address => pulses.some(pulse => pulse.byNode[address])).map(address => {
      const below = pulses.map((pulse, i) => `${this.x(pulse.at).toFixed(1)} ${this.y(floor[i]).toFixed(1)}`);
      pulses.forEach((pulse, i) => { floor[i] += pulse.byNode[address] || 0; });
      const above = pulses.map((pulse, i) => `${this.x(pulse.at).toFixed(1)} ${this.y(floor[i]).toFixed(1)}`);
      return drawn('path', { d: `M${above.join('L')}L${below.reverse().join('L')}Z`, fill: colour(address), class: 'layer' },
        drawn('title', {}, `node ${letter(address)}`));
    });
  }

  lettuce(pulses) {
    const points = pulses.filter(pulse => pulse.lettuceAlone != null)
      .map(pulse => `${this.x(pulse.at).toFixed(1)} ${this.y(pulse.lettuceAlone).toFixed(1)}`);
    return points.length > 1
      ? [drawn('path', { d: `M${points.join('L')}`, class: 'lettuce-halo' }), drawn('path', { d: `M${points.join('L')}`, class: 'lettuce' })] : [];
  }

  /** Below the floor: how many channels were interrupted, or handed over, in each second. */
  marks(pulses) {
    return pulses.flatMap(pulse => [[pulse.interrupted, 'interrupted', 0], [pulse.handedOver, 'over', 2.5]]
      .filter(([number]) => number > 0)
      .map(([number, kind, aside]) => {
        const x = this.x(pulse.at) + aside;
        return drawn('line', { x1: x, x2: x, y1: MARKS, y2: MARKS + Math.min(16, 4 + number / 2), class: `mark ${kind}` });
      }));
  }

  notes() {
    let before = -Infinity;
    let level = 0;
    const noted = [...state.events.values()].filter(event => NOTED[event.kind] && this.x(event.at) > LEFT);
    return noted.sort((a, b) => a.at - b.at).flatMap(event => {
      const x = this.x(event.at);
      // what would cover the one before stands below it
      level = x - before < APART ? (level + 1) % 3 : 0;
      before = x;
      const y = TOP + 6 + level * 14;
      return [
        drawn('line', { x1: x, x2: x, y1: y + 4, y2: FLOOR, class: 'note' }),
        drawn('text', { x, y, 'text-anchor': 'middle', class: 'note' }, `${NOTED[event.kind]}${letter(event.from)}`),
      ];
    });
  }
}
