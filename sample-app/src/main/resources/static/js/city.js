/** A city of square blocks with couriers in its streets. */

import { calm } from './dom.js';
import { ink, nodeInk, onTheme } from './palette.js';
import { state } from './state.js';

const STREETS = 24;
const RIDE_MILLIS = 520;
const RIPPLE_MILLIS = 1100;
const FRAME_MILLIS = 33;
const PARKS = [31, 32, 55, 56, 150, 151, 152, 174, 175, 176, 262, 341, 365, 419, 420, 443, 444, 507];

export class City {

  constructor(canvas, pick = () => {}) {
    this.canvas = canvas;
    this.pen = canvas.getContext('2d');
    this.couriers = [];
    this.drawnAt = 0;
    new ResizeObserver(() => this.resize()).observe(canvas);
    onTheme(() => this.resize());
    calm.addEventListener('change', () => this.ask());
    canvas.addEventListener('click', event => this.picked(event, pick));
    this.resize();
  }

  /** A courier's place, colour and standing: served, interrupted or silent. */
  put(index, column, row, node, standing) {
    if (column < 0) return;
    const now = performance.now();
    const before = this.couriers[index];
    const moved = before && (before.column !== column || before.row !== row);
    const courier = before || { fromX: column, fromY: row, since: now, ripple: -RIPPLE_MILLIS };
    if (moved) {
      [courier.fromX, courier.fromY] = this.place(courier, now);
      courier.since = now;
    }
    if (before && (before.node !== node || (before.standing !== 'served' && standing === 'served'))) courier.ripple = now;
    Object.assign(courier, { column, row, node, standing });
    this.couriers[index] = courier;
    this.ask();
  }

  clear() {
    this.couriers = [];
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth) return;
    const dense = window.devicePixelRatio || 1;
    this.width = clientWidth;
    this.height = clientHeight;
    this.canvas.width = clientWidth * dense;
    this.canvas.height = clientHeight * dense;
    this.ground = new OffscreenCanvas(this.canvas.width, this.canvas.height);
    const pen = this.ground.getContext('2d');
    pen.scale(dense, dense);
    this.build(pen);
    this.pen.setTransform(dense, 0, 0, dense, 0, 0);
    this.ask();
  }

  x(column) {
    return (column + 0.5) * this.width / STREETS;
  }

  y(row) {
    return this.height - (row + 0.5) * this.height / STREETS;
  }

  build(pen) {
    pen.fillStyle = ink('--street');
    pen.fillRect(0, 0, this.width, this.height);
    const wide = this.width / STREETS;
    const high = this.height / STREETS;
    const street = Math.min(wide, high) * 0.3;
    for (let column = -1; column < STREETS; column++) {
      for (let row = -1; row < STREETS; row++) {
        const park = PARKS.includes((row + 1) * STREETS + column);
        pen.fillStyle = ink(park ? '--park' : '--block');
        const avenue = column === 11 ? street * 0.5 : 0;
        this.block(pen, this.x(column) + street / 2, this.y(row + 1) + street / 2, wide - street - avenue, high - street);
      }
    }
    pen.strokeStyle = ink('--street');
    pen.lineWidth = Math.min(wide, high) * 0.7;
    pen.beginPath();
    pen.moveTo(-10, this.height * 0.93);
    pen.lineTo(this.width + 10, this.height * 0.12);
    pen.stroke();
  }

  /** With its corners cut, as in the Eixample. */
  block(pen, x, y, width, height) {
    const cut = Math.min(width, height) * 0.22;
    pen.beginPath();
    pen.moveTo(x + cut, y);
    pen.lineTo(x + width - cut, y);
    pen.lineTo(x + width, y + cut);
    pen.lineTo(x + width, y + height - cut);
    pen.lineTo(x + width - cut, y + height);
    pen.lineTo(x + cut, y + height);
    pen.lineTo(x, y + height - cut);
    pen.lineTo(x, y + cut);
    pen.fill();
  }

  place(courier, now) {
    const way = calm.matches ? 1 : Math.min(1, (now - courier.since) / RIDE_MILLIS);
    return [courier.fromX + (courier.column - courier.fromX) * way, courier.fromY + (courier.row - courier.fromY) * way];
  }

  ask() {
    if (!this.asked) {
      this.asked = true;
      requestAnimationFrame(now => this.frame(now));
    }
  }

  frame(now) {
    this.asked = false;
    if (now - this.drawnAt < FRAME_MILLIS) {
      this.ask();
      return;
    }
    this.drawnAt = now;
    if (!this.width) return;
    this.pen.drawImage(this.ground, 0, 0, this.width, this.height);
    const size = Math.max(3.6, Math.min(6.5, this.width / 88));
    let moving = false;
    for (const courier of this.couriers) {
      if (courier) moving = this.courier(courier, now, size) || moving;
    }
    if (this.couriers[state.picked]) this.label(this.couriers[state.picked], now, size);
    if (moving && !calm.matches) this.ask();
  }

  courier(courier, now, size) {
    const pen = this.pen;
    const [column, row] = this.place(courier, now);
    const x = this.x(column);
    const y = this.y(row);
    const tint = nodeInk(courier.node);
    const rippling = !calm.matches && now - courier.ripple < RIPPLE_MILLIS;
    if (rippling) {
      const age = (now - courier.ripple) / RIPPLE_MILLIS;
      pen.globalAlpha = 1 - age;
      pen.strokeStyle = tint;
      pen.lineWidth = 2;
      this.circle(x, y, size + age * size * 3.2);
      pen.stroke();
      pen.globalAlpha = 1;
    }
    if (courier.standing === 'served') {
      pen.strokeStyle = tint;
      pen.globalAlpha = 0.4;
      pen.lineWidth = size * 0.7;
      pen.lineCap = 'round';
      pen.beginPath();
      pen.moveTo(this.x(courier.fromX), this.y(courier.fromY));
      pen.lineTo(x, y);
      pen.stroke();
      pen.globalAlpha = 1;
      pen.fillStyle = tint;
      pen.strokeStyle = ink('--paper');
      pen.lineWidth = 1.5;
      this.circle(x, y, size);
      pen.fill();
      pen.stroke();
    } else {
      const alert = courier.standing === 'interrupted';
      pen.fillStyle = ink('--paper');
      pen.strokeStyle = ink(alert ? '--bad' : '--quiet');
      pen.lineWidth = 2;
      this.circle(x, y, size + 1);
      pen.fill();
      pen.stroke();
      const arm = size * 0.5;
      pen.beginPath();
      pen.moveTo(x - arm, y - arm);
      pen.lineTo(x + arm, y + arm);
      pen.moveTo(x + arm, y - arm);
      pen.lineTo(x - arm, y + arm);
      pen.stroke();
    }
    return rippling || now - courier.since < RIDE_MILLIS;
  }

  label(courier, now, size) {
    const pen = this.pen;
    const [column, row] = this.place(courier, now);
    const x = this.x(column);
    const y = this.y(row);
    const name = state.setting.channels[state.picked];
    // once more, since another one may stand on it
    this.courier(courier, now, size);
    pen.strokeStyle = ink('--ink');
    pen.lineWidth = 2;
    this.circle(x, y, size + 3);
    pen.stroke();
    pen.font = '600 12px system-ui, sans-serif';
    const wide = pen.measureText(name).width + 12;
    const left = Math.max(2, Math.min(this.width - wide - 2, x - wide / 2));
    const top = y > 34 ? y - size - 25 : y + size + 7;
    pen.fillStyle = ink('--ink');
    pen.beginPath();
    pen.roundRect(left, top, wide, 19, 5);
    pen.fill();
    pen.fillStyle = ink('--paper');
    pen.textBaseline = 'middle';
    pen.fillText(name, left + 6, top + 10);
  }

  circle(x, y, radius) {
    this.pen.beginPath();
    this.pen.arc(x, y, radius, 0, 2 * Math.PI);
  }

  picked(event, pick) {
    const now = performance.now();
    let nearest = null;
    let best = 20;
    this.couriers.forEach((courier, index) => {
      const [column, row] = this.place(courier, now);
      const distance = Math.hypot(this.x(column) - event.offsetX, this.y(row) - event.offsetY);
      if (distance < best) [best, nearest] = [distance, index];
    });
    if (nearest !== null) pick(nearest);
  }
}
