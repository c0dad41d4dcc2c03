import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { eventually } from '@tenon/conformance';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UdpFaultProxy } from './udp-fault-proxy.js';
import { udpFaults } from './udp-faults.js';

const bound = { withinMs: 10_000 };

let echo: Socket;
let client: Socket;
let heard: string[];
let echoed: string[];
let proxy: UdpFaultProxy;

beforeEach(async () => {
  heard = [];
  echoed = [];
  echo = createSocket('udp4');
  echo.on('message', (datagram, { port }) => {
    echoed.push(datagram.toString('latin1'));
    echo.send(datagram, port, '127.0.0.1');
  });
  echo.bind(0, '127.0.0.1');
  client = createSocket('udp4');
  client.on('message', (datagram) => heard.push(datagram.toString('latin1')));
  client.bind(0, '127.0.0.1');
  await Promise.all([once(echo, 'listening'), once(client, 'listening')]);
  proxy = await UdpFaultProxy.start({ host: '127.0.0.1', port: echo.address().port });
});
afterEach(async () => {
  await proxy.close();
  echo.close();
  client.close();
});

/** One at a time, so that the system keeps their order. */
async function send(...words: string[]): Promise<void> {
  for (const word of words) {
    const { receivedFromClients } = proxy.counts;
    client.send(word, proxy.port, '127.0.0.1');
    await eventually(() => expect(proxy.counts.receivedFromClients).toBe(receivedFromClients + 1), bound);
  }
}

/** Random numbers that repeat themselves. */
function cycle(...numbers: number[]): () => number {
  let next = 0;
  return () => numbers[next++ % numbers.length] ?? 0;
}

test('without a fault datagrams go there and back, and answers find their client', async () => {
  await send('one', 'two');
  await eventually(() => expect(heard).toEqual(['one', 'two']), bound);
  expect(proxy.counts).toEqual({ receivedFromClients: 2, sentToTarget: 2, receivedFromTarget: 2, sentToClients: 2 });
});

test('a share is lost', async () => {
  await proxy.inject(udpFaults.loss({ share: 0.5, random: cycle(0, 0.9) }), 'to-target');
  await send('one', 'two', 'three', 'four');
  await eventually(() => expect(heard).toEqual(['two', 'four']), bound);
  expect(proxy.counts).toMatchObject({ receivedFromClients: 4, sentToTarget: 2 });
});

test('a share is doubled', async () => {
  await proxy.inject(udpFaults.duplication({ share: 0.5, random: cycle(0, 0.9) }), 'to-client');
  await send('one', 'two');
  await eventually(() => expect(heard).toEqual(['one', 'one', 'two']), bound);
});

test('a share comes late by one, and at last when healed', async () => {
  await proxy.inject(udpFaults.reordering({ share: 0.5, random: cycle(0, 0.9) }), 'to-target');
  await send('one', 'two', 'three');
  await eventually(() => expect(echoed).toEqual(['two', 'one']), bound);
  await proxy.heal();
  await eventually(() => expect(echoed).toEqual(['two', 'one', 'three']), bound);
});

test('a share has one bit flipped', async () => {
  await proxy.inject(udpFaults.corruption({ share: 1 }), 'to-target');
  await send('\0\0\0\0');
  await eventually(() => expect(echoed.length).toBe(1), bound);
  const bits = [...(echoed[0] ?? '')].map((letter) => letter.charCodeAt(0).toString(2).replaceAll('0', '')).join('');
  expect(bits).toBe('1');
});

test('latency holds back until healed, and faults work one after another', async () => {
  await proxy.inject([udpFaults.duplication({ share: 1 }), udpFaults.latency({ latencyMs: 600_000 })], 'to-target');
  await send('one');
  expect(echoed).toEqual([]);
  await proxy.heal();
  await eventually(() => expect(echoed).toEqual(['one', 'one']), bound);
});

test('a share out of range is named', () => {
  expect(() => udpFaults.loss({ share: 2 })).toThrow(/lost share is 2/);
});
