'use strict';

const colours = ['#2f7de1', '#d97706', '#16a34a', '#c026d3', '#0891b2', '#dc2626', '#7c3aed', '#65a30d'];
const byId = id => document.getElementById(id);
const count = new Intl.NumberFormat('en');

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

function colourOf(overview, address) {
  const index = overview.nodes.findIndex(node => node.address === address);
  return index < 0 ? 'gray' : colours[index % colours.length];
}

async function act(path, what) {
  const result = byId('result');
  result.className = '';
  result.textContent = what + '…';
  try {
    const response = await fetch(path, { method: 'POST' });
    const body = await response.json();
    if (!response.ok) throw new Error(body.detail || response.statusText);
    result.textContent = body.done
      || (body.from ? `Slot ${body.slot} moved from ${body.from} to ${body.to}` : `${body.moved} slots moved in ${body.millis} ms`);
  } catch (failure) {
    result.className = 'bad';
    result.textContent = what + ': ' + failure.message;
  }
  await refresh();
}

function button(label, name, path, what) {
  const made = element('button', label, { type: 'button', 'aria-label': name });
  made.addEventListener('click', () => act(path, what));
  return made;
}

function showTotals({ totals }) {
  const shown = [
    ['Channels subscribed', `${totals.subscribed} of ${totals.channels}`, totals.subscribed < totals.channels],
    ['Published', count.format(totals.published)],
    ['Received', count.format(totals.received)],
    ['Lost', count.format(totals.lost), totals.lost > 0],
    ['Twice', count.format(totals.doubled), totals.doubled > 0],
    ['Out of order', count.format(totals.outOfOrder), totals.outOfOrder > 0],
    ['Not published', count.format(totals.failed), totals.failed > 0],
    ['Interruptions', count.format(totals.interruptions)],
    ['Longest of the last', totals.lastInterruptionMillis == null ? '–' : totals.lastInterruptionMillis.toFixed(1) + ' ms'],
  ];
  byId('totals').replaceChildren(...shown.map(([name, value, bad]) => {
    const box = element('div');
    box.append(element('dt', name), element('dd', value, bad ? { class: 'bad' } : {}));
    return box;
  }));
}

function showMap(overview) {
  const canvas = byId('map');
  const pen = canvas.getContext('2d');
  const positions = overview.channels.filter(channel => channel.position);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  const style = getComputedStyle(document.documentElement);
  pen.strokeStyle = style.getPropertyValue('--line');
  for (let i = 1; i < 24; i++) {
    pen.beginPath();
    pen.moveTo(i * canvas.width / 24, 0);
    pen.lineTo(i * canvas.width / 24, canvas.height);
    pen.moveTo(0, i * canvas.height / 24);
    pen.lineTo(canvas.width, i * canvas.height / 24);
    pen.stroke();
  }
  for (const { position, node, state } of positions) {
    const x = ((position.longitude - 2.140) / 0.0012 + 0.5) * canvas.width / 24;
    const y = canvas.height - ((position.latitude - 41.380) / 0.0012 + 0.5) * canvas.height / 24;
    pen.beginPath();
    pen.arc(x, y, 7, 0, 2 * Math.PI);
    pen.fillStyle = colourOf(overview, node);
    pen.strokeStyle = pen.fillStyle;
    pen.lineWidth = 2;
    // a hollow courier is an interrupted one
    if (state === 'SUBSCRIBED') pen.fill(); else pen.stroke();
  }
}

function showNodes(overview) {
  byId('nodes').replaceChildren(...overview.nodes.map(node => {
    const card = element('article');
    card.style.setProperty('--node', colourOf(overview, node.address));
    const channels = overview.channels.filter(channel => channel.node === node.address).length;
    card.append(element('h3', node.address), element('p', `${node.role} · ${count.format(node.slots)} slots · ${channels} channels`));
    if (node.role === 'DOWN') {
      card.append(button('Restart', `Restart ${node.address}`, `/api/nodes/${node.id}/restart`, `Restarting ${node.address}`));
    } else {
      card.append(
        button('Fail over', `Fail over ${node.address}`, `/api/nodes/${node.id}/failover`, `Failing over ${node.address}`),
        button('Kill', `Kill ${node.address}`, `/api/nodes/${node.id}/kill`, `Killing ${node.address}`));
    }
    return card;
  }));
}

function row(channel) {
  const made = element('tr');
  for (let i = 0; i < 9; i++) made.append(element('td'));
  const cell = element('td');
  cell.append(button('Move', `Move the slot of ${channel.channel}`,
    `/api/channels/${encodeURIComponent(channel.channel)}/move`, `Moving ${channel.channel}`));
  made.append(cell);
  return made;
}

/* Rows are kept, so that the keyboard's focus stays where it is. */
function showChannels(overview) {
  const body = byId('channels');
  overview.channels.forEach((channel, index) => {
    const line = body.rows[index] || body.appendChild(row(channel));
    const last = channel.lastInterruptionMillis;
    const texts = [channel.channel, channel.slot, channel.node || '–', channel.state, count.format(channel.published),
      count.format(channel.received), count.format(channel.lost), count.format(channel.interruptions), last == null ? '–' : last.toFixed(1) + ' ms'];
    texts.forEach((text, column) => { line.cells[column].textContent = text; });
    line.cells[2].prepend(element('span', undefined, { class: 'dot', 'aria-hidden': 'true' }));
    line.cells[2].style.setProperty('--node', colourOf(overview, channel.node));
    line.cells[3].className = channel.state === 'SUBSCRIBED' ? '' : 'bad';
    line.cells[6].className = channel.lost > 0 ? 'bad' : '';
  });
}

function showProgress({ reshard }) {
  const bar = byId('progress');
  bar.hidden = !reshard || !reshard.running;
  if (!bar.hidden) {
    bar.max = reshard.slots;
    bar.value = reshard.moved;
  }
}

async function refresh() {
  try {
    const overview = await (await fetch('/api/overview')).json();
    showTotals(overview);
    showMap(overview);
    showNodes(overview);
    showChannels(overview);
    showProgress(overview);
    byId('announcement').textContent = overview.announcement ? overview.announcement.text : '';
  } catch (failure) {
    byId('result').className = 'bad';
    byId('result').textContent = 'The application does not answer: ' + failure.message;
  }
}

byId('reshard').addEventListener('submit', event => {
  event.preventDefault();
  act('/api/reshard?slots=' + byId('slots').value, `Moving ${byId('slots').value} slots`);
});

(async function watch() {
  await refresh();
  setTimeout(watch, 500);
})();
