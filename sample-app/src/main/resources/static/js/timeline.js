/** What happened, newest first, in words. */

import { element, many, millis } from './dom.js';
import { colour, letter } from './palette.js';
import { state } from './state.js';

const CAUSES = {
  ENDED_BY_SERVER: 'ended by the server',
  CONNECTION_LOST: 'connection lost',
  OUT_OF_STEP: 'replies out of step',
  FOUND_DEAD: 'found dead',
};

const REASONS = {
  TRIMMED: 'more came than the history keeps',
  EXPIRED: 'the history had expired',
  DELETED: 'the history was deleted',
  WRITES_LOST: 'a failover has lost messages',
};

const chip = address => element('span', { class: 'chip', style: `--node: ${colour(address)}` }, letter(address));

const PHRASES = {
  SLOTS_MOVED: event => ['→', 'plain', many(event.count, 'slot') + ' moved ', chip(event.from), ' → ', chip(event.to)],
  HANDED_OVER: event => ['✓', 'good', channels(event) + ' followed without a gap ', chip(event.from), ' → ', chip(event.to)],
  INTERRUPTED: event => ['!', 'bad', channels(event) + ' interrupted at ', chip(event.from), `: ${CAUSES[event.detail] || event.detail}`],
  RESTORED: event => ['✓', 'good', `${channels(event)} restored after ${event.count > 1 ? 'at most ' : ''}${millis(event.millis)} `,
    chip(event.from), ' → ', chip(event.to)],
  NODE_DOWN: event => ['✕', 'bad', chip(event.from), ' is down'],
  NODE_UP: event => ['✓', 'good', chip(event.from), ' is back'],
  NODE_ADDED: event => ['+', 'plain', chip(event.from), ' has joined'],
  PROMOTED: event => ['▲', 'plain', chip(event.from), ' is promoted to master'],
  DEMOTED: event => ['▼', 'plain', chip(event.from), ' is a replica now'],
  LOST: event => ['!', 'bad', many(event.count, 'message') + ' lost: accepted by Redis while nobody listened'],
  RECOVERED: event => ['✓', 'good', `${many(event.count, 'message')} recovered from the channels’ histories within ${millis(event.millis)}`],
  HISTORY_LOST: event => ['!', 'bad', `${channels(event)} could not recover all: ${REASONS[event.detail] || event.detail}`],
  LETTUCE_SILENT: event => ['✕', 'bad', `Lettuce alone: ${many(event.count, 'channel')} silent`],
};

function channels(event) {
  return event.count === 1 && event.channel ? event.channel : many(event.count, 'channel');
}

const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

export class Timeline {

  constructor(list) {
    this.list = list;
    this.items = new Map();
  }

  show(update) {
    if (update.setting) {
      this.items.clear();
      this.list.replaceChildren();
    }
    for (const event of [...update.events].sort((a, b) => a.id - b.id)) {
      const item = this.item(event);
      const before = this.items.get(event.id);
      if (before) before.replaceWith(item);
      else this.list.prepend(item);
      this.items.set(event.id, item);
    }
    for (const [id, item] of this.items) {
      if (!state.events.has(id)) {
        item.remove();
        this.items.delete(id);
      }
    }
  }

  item(event) {
    const [sign, mood, ...words] = PHRASES[event.kind](event);
    const time = element('time', { datetime: new Date(event.at).toISOString() }, clock.format(event.at));
    return element('li', { class: mood }, element('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
      element('span', {}, ...words), time);
  }
}
