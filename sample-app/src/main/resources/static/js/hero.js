/** The one line that matters, and the figures behind it. */

import { byId, count, element, many, millis, write } from './dom.js';
import { state } from './state.js';

const NAMES = ['Messages a second', 'Heard in all', 'Followed without a gap', 'Interruptions', 'Longest lately', 'Not acknowledged'];

export class Hero {

  constructor() {
    this.values = NAMES.map(() => element('dd', {}, '–'));
    byId('figures').append(...NAMES.map((name, index) => element('div', {}, element('dt', {}, name), this.values[index])));
  }

  show() {
    const { headline, recovery, lettuceAlone } = state;
    write(byId('alive'), count.format(headline.alive));
    write(byId('all'), count.format(headline.channels));
    write(byId('lost'), count.format(headline.lost));
    write(byId('lost-unit'), headline.lost === 1 ? 'message' : 'messages');
    byId('alive-part').className = headline.alive < headline.channels ? 'bad' : 'good';
    byId('lost-part').className = headline.lost > 0 ? 'bad' : 'good';
    const pulse = state.pulses[state.pulses.length - 1];
    const longest = Math.max(...state.channels.map(channel => channel.last ?? -1));
    [pulse ? count.format(pulse.messages) : '–', count.format(headline.heard), count.format(headline.handovers),
      count.format(headline.interruptions), longest < 0 ? '–' : millis(longest), count.format(headline.failed)]
      .forEach((text, index) => write(this.values[index], text));
    write(byId('announcement'), state.announcement && `Dispatch: “${state.announcement}”`);
    byId('memory').hidden = !recovery.on;
    write(byId('recovered'), count.format(recovery.messages));
    write(byId('recovered-unit'), recovery.messages === 1 ? 'message' : 'messages');
    byId('lettuce-map').hidden = !lettuceAlone;
    byId('lettuce-legend').hidden = !lettuceAlone;
    byId('versus').hidden = !lettuceAlone;
    if (lettuceAlone) {
      write(byId('versus'), `Lettuce alone: ${count.format(lettuceAlone.alive)} of ${many(headline.channels, 'channel')} alive, `
        + `${many(lettuceAlone.lost, 'message')} lost`);
      byId('versus').className = lettuceAlone.lost > 0 ? 'bad' : 'good';
    }
  }
}
