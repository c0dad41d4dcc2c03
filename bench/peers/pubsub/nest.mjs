import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, EventPattern, Transport } from '@nestjs/microservices';

// NestJS events over NATS, with decorators applied by call; no pipes, guards or interceptors; no logger.

export async function receive({ nats, topic }, seen) {
  class Listener {
    heard(sample) {
      seen(sample);
    }
  }
  Controller()(Listener);
  EventPattern(topic)(Listener.prototype, 'heard', Object.getOwnPropertyDescriptor(Listener.prototype, 'heard'));
  class ListenerModule {}
  Module({ controllers: [Listener] })(ListenerModule);
  const app = await NestFactory.createMicroservice(ListenerModule, { ...transportOf(nats), logger: false });
  await app.listen();
  return { close: () => app.close() };
}

export async function send({ nats, topic }) {
  const client = ClientProxyFactory.create(transportOf(nats));
  await client.connect();
  return {
    // It publishes at once; nothing is to be waited for.
    publish: (sample) => void client.emit(topic, sample),
    close: () => client.close(),
  };
}

function transportOf(server) {
  return { transport: Transport.NATS, options: { servers: [server] } };
}
