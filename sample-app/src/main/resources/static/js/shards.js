/** Masters with their replicas as cards. */

import { count, element, many, write } from './dom.js';
import { colour, letter } from './palette.js';
import { shardsOf, state } from './state.js';

const ROLES = { MASTER: 'master', REPLICA: 'replica', DOWN: 'down' };

export class Shards {

  constructor(root, act) {
    this.root = root;
    this.act = act;
    this.cards = new Map();
    this.lines = new Map();
  }

  show() {
    const shards = shardsOf(state.nodes);
    shards.forEach(({ id, members }, index) => this.card(id, index + 1, members));
    const served = new Map();
    for (const { node, status } of state.channels) {
      if (status === 'SUBSCRIBED') served.set(node, (served.get(node) || 0) + 1);
    }
    const pulse = state.pulses[state.pulses.length - 1];
    for (const node of state.nodes) {
      this.line(node, served.get(node.address) || 0, pulse ? pulse.byNode[node.address] || 0 : 0);
    }
  }

  card(id, number, members) {
    let card = this.cards.get(id);
    if (!card) {
      card = element('article', { class: 'card shard action', 'aria-label': `Shard ${number}` },
        element('h3', {}, `Shard ${number}`), element('ul'), element('p', { class: 'result', role: 'status' }));
      this.cards.set(id, card);
      this.root.append(card);
    }
    const list = card.querySelector('ul');
    const lines = members.map(node => this.lines.get(node.address) || this.newLine(node));
    if (lines.some((line, index) => list.children[index] !== line)) list.append(...lines);
    card.style.setProperty('--node', members[0].role === 'MASTER' ? colour(members[0].address) : 'var(--line)');
  }

  newLine(node) {
    const name = letter(node.address);
    const button = (label, operation, what) => {
      const made = element('button', { type: 'button', class: 'small', 'aria-label': `${label} node ${name}` }, label);
      made.addEventListener('click', () => this.act(made, `api/nodes/${node.id}/${operation}`, `${what} ${name}`));
      return made;
    };
    const line = element('li', {},
      element('span', { class: 'chip', style: `--node: ${colour(node.address)}` }, name),
      element('span', { class: 'who' }, element('b'), element('span', { class: 'address' }, node.address)),
      element('span', { class: 'facts' }, element('span'), element('span', { class: 'link' })),
      element('span', { class: 'buttons' },
        button('Fail over', 'failover', 'Failing over'), button('Kill', 'kill', 'Killing'), button('Restart', 'restart', 'Restarting')));
    this.lines.set(node.address, line);
    return line;
  }

  line(node, channels, rate) {
    const line = this.lines.get(node.address);
    if (!line) return;
    const down = node.role === 'DOWN';
    const master = node.role === 'MASTER';
    line.className = node.role.toLowerCase();
    write(line.querySelector('b'), ROLES[node.role]);
    const [facts, link] = line.querySelector('.facts').children;
    write(facts, down ? 'does not run' : master
      ? `${many(channels, 'channel')} · ${count.format(rate)} msg/s` : 'stands by');
    const connection = state.connections.get(node.address);
    const standing = down ? '' : !connection ? 'not connected: nothing to hear there' : connection.connected ? 'connected' : 'connecting…';
    write(link, standing);
    link.classList.toggle('on', standing === 'connected');
    link.hidden = down || (!master && !connection);
    link.title = connection && connection.error ? connection.error : '';
    const [failover, kill, restart] = line.querySelector('.buttons').children;
    const { ours } = state.setting;
    this.switch(failover, ours && master);
    this.switch(kill, ours && !down);
    this.switch(restart, ours && down);
  }

  /** A button that goes while it has the focus hands it on to the one that comes. */
  switch(button, shown) {
    if (button.hidden === !shown) return;
    const focused = button === document.activeElement;
    button.hidden = !shown;
    if (focused) requestAnimationFrame(() => button.parentElement.querySelector('button:not([hidden])')?.focus());
  }
}
