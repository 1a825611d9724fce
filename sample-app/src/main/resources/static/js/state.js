/** What the server has told, put together. */

const KEPT_SECONDS = 180;
const KEPT_EVENTS = 100;

export const state = {
  setting: { ours: true, channels: [], slots: [] },
  nodes: [],
  connections: new Map(),
  channels: [],
  couriers: [],
  headline: null,
  events: new Map(),
  pulses: [],
  operation: null,
  recovery: { on: false, messages: 0 },
  lettuceAlone: null,
  announcement: '',
  /** The index of the channel that the visitor looks at. */
  picked: 0,
};

/** Nodes that were master and replica of each other belong together, whoever is the master now. */
const shards = new Map();

const channel = ([index, node, status, column, row, heard, missed, silent, interruptions, last]) =>
  ({ index, node, status, column, row, heard, missed, silent, interruptions, last });

const courier = ([index, column, row, missed, silent]) => ({ index, column, row, missed, silent });

export function apply(update) {
  if (update.setting) {
    state.setting = update.setting;
    state.channels = [];
    state.couriers = [];
    state.events.clear();
    state.pulses = [];
  }
  if (update.nodes) {
    state.nodes = update.nodes;
    groupShards(update.nodes);
  }
  if (update.connections) state.connections = new Map(update.connections.map(each => [each.address, each]));
  for (const row of update.channels.map(channel)) state.channels[row.index] = row;
  for (const event of update.events) state.events.set(event.id, event);
  [...state.events.keys()].sort((a, b) => a - b).slice(0, -KEPT_EVENTS).forEach(id => state.events.delete(id));
  const last = state.pulses.length ? state.pulses[state.pulses.length - 1].at : 0;
  state.pulses = [...state.pulses, ...update.pulses.filter(pulse => pulse.at > last)].slice(-KEPT_SECONDS);
  if (!update.lettuceAlone) {
    state.couriers = [];
  } else {
    for (const row of update.lettuceAlone.couriers.map(courier)) state.couriers[row.index] = row;
  }
  state.lettuceAlone = update.lettuceAlone;
  state.headline = update.headline;
  state.operation = update.operation;
  state.recovery = update.recovery;
  state.announcement = update.announcement || '';
}

function groupShards(nodes) {
  for (const node of nodes) {
    if (node.upstream) {
      const shard = shards.get(node.upstream) || node.upstream;
      shards.set(node.upstream, shard);
      shards.set(node.id, shard);
    }
  }
}

/** The shards, each with its nodes, the master first. */
export function shardsOf(nodes) {
  const groups = new Map();
  const rank = { MASTER: 0, REPLICA: 1, DOWN: 2 };
  for (const node of nodes) {
    const shard = shards.get(node.id) || node.id;
    groups.set(shard, [...(groups.get(shard) || []), node]);
  }
  return [...groups.entries()].map(([id, members]) =>
    ({ id, members: [...members].sort((a, b) => rank[a.role] - rank[b.role]) }));
}
