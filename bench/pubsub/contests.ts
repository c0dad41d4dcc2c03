import { fileURLToPath } from 'node:url';
import { confirmHeat, consumeHeat, streamHeat } from './heats.js';
import type { Settings } from './orders.js';

/** Somebody who takes part: a module, and how it is set. */
export interface Entrant {
  readonly name: string;
  readonly module: string;
  readonly settings?: Partial<Settings>;
}

/** What is measured side by side; the first entrant is the one that bars are about. */
export interface Contest {
  readonly name: string;
  readonly about: string;
  readonly run: typeof streamHeat;
  readonly isKept: boolean;
  readonly entrants: readonly Entrant[];
  /** The least rate of the first entrant, as a multiple of each of these. */
  readonly bars: Readonly<Record<string, number>>;
}

const ours = fileURLToPath(new URL('tenon.js', import.meta.url));
/** This file runs from `bench/dist/pubsub`. */
const peer = (name: string): string => fileURLToPath(new URL(`../../peers/pubsub/${name}.mjs`, import.meta.url));
const metadata = { 'x-tenant': 'bench' };
const tenon: Entrant = { name: 'tenon', module: ours };
const stock: Entrant = { name: 'stock client', module: peer('jetstream') };

export const contests: readonly Contest[] = [
  {
    name: 'at most once',
    about: 'delivered, one publisher, one subscriber, at most 8,192 under way',
    run: streamHeat,
    isKept: false,
    entrants: [
      tenon,
      { name: 'raw client', module: peer('nats-raw') },
      { name: 'tenon, metadata', module: ours, settings: { metadata } },
      { name: 'tenon, go-micro', module: ours, settings: { envelope: 'go-micro' } },
      { name: 'nest', module: peer('nest') },
      { name: 'moleculer', module: peer('moleculer') },
    ],
    bars: { 'raw client': 0.9, nest: 4, moleculer: 2.5 },
  },
  {
    name: 'publish, confirmed',
    about: 'confirmed by JetStream, file store, 128 in flight',
    run: confirmHeat,
    isKept: true,
    entrants: [tenon, stock, { name: 'stock client, with ids', module: peer('jetstream'), settings: { metadata } }],
    bars: { 'stock client': 2 },
  },
  {
    name: 'consume',
    about: 'consumed from JetStream and acknowledged one by one, maxInFlight 256',
    run: consumeHeat,
    isKept: true,
    entrants: [tenon, stock],
    bars: { 'stock client': 0.9 },
  },
];
