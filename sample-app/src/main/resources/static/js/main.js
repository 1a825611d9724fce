/** Puts the page together: one stream of updates, shown by every part. */

import { byId } from './dom.js';
import { apply, state } from './state.js';
import { learn } from './palette.js';
import { listen } from './stream.js';
import { Channels } from './channels.js';
import { City } from './city.js';
import { act, Controls } from './controls.js';
import { Hero } from './hero.js';
import { Plot } from './plot.js';
import { Ring } from './ring.js';
import { Shards } from './shards.js';
import { Timeline } from './timeline.js';

const pick = index => controls.pick(index);
const ring = new Ring(byId('ring'), byId('owners'), pick);
const city = new City(byId('city'), pick);
const lettuceCity = new City(byId('lettuce-city'), pick);
const controls = new Controls(() => {
  ring.mark();
  city.ask();
  lettuceCity.ask();
});
const parts = [new Hero(), ring, controls, new Shards(byId('shards'), act), new Timeline(byId('timeline')), new Channels()];
const plot = new Plot(byId('plot'));

function showCities(update) {
  for (const [index] of update.channels) {
    const { column, row, node, status, silent } = state.channels[index];
    city.put(index, column, row, node, status !== 'SUBSCRIBED' ? 'interrupted' : silent ? 'silent' : 'served');
  }
  if (!update.lettuceAlone) {
    lettuceCity.clear();
    return;
  }
  for (const [index] of update.lettuceAlone.couriers) {
    const { column, row, silent } = state.couriers[index];
    lettuceCity.put(index, column, row, state.channels[index].node, silent ? 'silent' : 'served');
  }
}

listen(update => {
  apply(update);
  learn(state.nodes);
  parts.forEach(part => part.show(update));
  showCities(update);
  if (update.pulses.length || update.nodes) plot.show();
}, offline => {
  byId('offline').hidden = !offline;
  byId('offline').textContent = offline ? 'The application does not answer; what you see is old. Trying again…' : '';
});
