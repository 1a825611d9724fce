/** All channels in a table: what map and ring show, for those who cannot see them. Written only while it is open. */

import { byId, count, element, millis, write } from './dom.js';
import { letter } from './palette.js';
import { state } from './state.js';

const COLUMNS = 8;

export class Channels {

  constructor() {
    this.body = byId('rows');
    byId('channels').addEventListener('toggle', () => this.show({ channels: state.channels.map(each => [each.index]) }));
  }

  show(update) {
    if (update.setting) this.body.replaceChildren();
    if (!byId('channels').open) return;
    while (this.body.rows.length < state.channels.length) this.body.append(this.row());
    for (const [index] of update.channels) this.fill(this.body.rows[index], state.channels[index]);
  }

  row() {
    return element('tr', {}, element('th', { scope: 'row' }), ...Array.from({ length: COLUMNS - 1 }, () => element('td')));
  }

  fill(row, channel) {
    const { setting } = state;
    const texts = [setting.channels[channel.index], setting.slots[channel.index],
      channel.node ? `${letter(channel.node)} ${channel.node}` : '–', channel.status.toLowerCase(), count.format(channel.heard),
      count.format(channel.missed), count.format(channel.interruptions), millis(channel.last)];
    texts.forEach((text, column) => write(row.cells[column], text));
    row.cells[3].className = channel.status === 'SUBSCRIBED' ? '' : 'bad';
    row.cells[5].className = channel.missed ? 'bad' : '';
  }
}
