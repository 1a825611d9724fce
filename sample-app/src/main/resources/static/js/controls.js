/** What one can do to the cluster; each action's outcome is said beside it. */

import { byId, count, element, write } from './dom.js';
import { letter } from './palette.js';
import { state } from './state.js';

/** How long a slot with keys is on its way. */
const TAKING_MILLIS = 100;

/** Sends it, and says what came of it in the action's result; returns whether it was done. */
export async function act(control, path, what, method = 'POST') {
  const result = control.closest('.action').querySelector('.result');
  result.className = 'result busy';
  result.textContent = what + '…';
  control.setAttribute('aria-busy', 'true');
  try {
    const response = await fetch(path, { method });
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail || response.statusText);
    result.className = 'result good';
    result.textContent = body.done
      || (body.from ? `Slot ${body.slot} moved from ${body.from} to ${body.to}` : `${body.moved} slots moved in ${body.millis} ms`);
    return true;
  } catch (failure) {
    result.className = 'result bad';
    result.textContent = `${what}: ${failure.message}`;
    return false;
  } finally {
    control.removeAttribute('aria-busy');
  }
}

export class Controls {

  constructor(onPick) {
    this.onPick = onPick;
    byId('channel').addEventListener('change', event => this.pick(event.target.selectedIndex));
    byId('everything').addEventListener('click', event =>
      act(event.currentTarget, 'api/everything', 'Everything at once'));
    byId('add').addEventListener('click', event => act(event.currentTarget, 'api/nodes', 'Adding a node'));
    byId('reshard').addEventListener('submit', event => {
      event.preventDefault();
      const slots = byId('slots').value;
      act(event.target, `api/reshard?slots=${encodeURIComponent(slots)}&millis=${byId('keys').checked ? TAKING_MILLIS : 0}`, `Moving ${slots} slots`);
    });
    byId('move').addEventListener('submit', event => {
      event.preventDefault();
      const channel = byId('channel').value;
      act(event.target, `api/channels/${encodeURIComponent(channel)}/move?millis=${TAKING_MILLIS}`, `Moving the slot of ${channel}`);
    });
    this.switching = new Set();
    this.toggle('lettuce', 'api/lettuce-alone', 'Lettuce alone subscribes', 'Lettuce alone is stopped');
    this.toggle('recovery', 'api/recovery', 'Recovery is switched on', 'Recovery is switched off');
  }

  /** A switch: what it does is done by POST, and undone by DELETE. */
  toggle(id, path, doing, undoing) {
    byId(id).addEventListener('change', async ({ target }) => {
      const on = target.checked;
      target.disabled = true;
      this.switching.add(id);
      const done = await act(target, path, on ? doing : undoing, on ? 'POST' : 'DELETE');
      target.disabled = false;
      target.checked = done === on;
      // the stream may not know yet
      setTimeout(() => this.switching.delete(id), 1000);
    });
  }

  show(update) {
    if (update.setting) {
      byId('channel').replaceChildren(...update.setting.channels.map(channel => element('option', {}, channel)));
      this.pick(Math.min(state.picked, update.setting.channels.length - 1));
      byId('actions').hidden = !update.setting.ours;
      byId('foreign').hidden = update.setting.ours;
    }
    this.route();
    this.set('lettuce', update.lettuceAlone != null);
    this.set('recovery', update.recovery.on);
    const { operation } = update;
    byId('progress').hidden = !operation || !operation.running;
    if (operation && operation.running) {
      byId('progress-label').textContent = `${operation.what}: step ${operation.moved + 1} of ${operation.slots}`;
      byId('bar').max = operation.slots;
      byId('bar').value = operation.moved;
    }
  }

  set(id, on) {
    if (!this.switching.has(id)) byId(id).checked = on;
  }

  pick(index) {
    state.picked = index;
    byId('channel').selectedIndex = index;
    this.route();
    this.onPick();
  }

  route() {
    const { setting, channels, picked } = state;
    const node = channels[picked] && channels[picked].node;
    write(byId('route'), `${setting.channels[picked]} → slot ${count.format(setting.slots[picked])} → node ${letter(node)}`);
  }
}
