import type { Lab } from '../lab/lab.js';
import type { Peer, PeerFleet } from './peer.js';
import { ScriptedFleet } from './scripted-fleet.js';
import { TenonFleet } from './tenon-fleet.js';

const tenon: Peer = { name: 'Tenon', start: (lab) => TenonFleet.start(lab) };

const grpcJs: Peer = {
  name: 'grpc-js (round robin)',
  start: (lab) =>
    ScriptedFleet.start(
      lab,
      { script: 'grpc-node', parameters: (_node, port) => [`${port}`] },
      { script: 'grpc-caller', parameters: (ports) => ports.map((port) => `127.0.0.1:${port}`) },
    ),
};

const moleculer: Peer = {
  name: 'Moleculer over NATS',
  start: async (lab: Lab): Promise<PeerFleet> => {
    const nats = `nats://${(await lab.server('nats-server')).address}`;
    return ScriptedFleet.start(
      lab,
      { script: 'moleculer-node', parameters: (node) => [nats, `node-${node}`] },
      { script: 'moleculer-caller', parameters: () => [nats] },
    );
  },
};

/** Whose defaults are compared. */
export const peers: readonly Peer[] = Object.freeze([tenon, grpcJs, moleculer]);
