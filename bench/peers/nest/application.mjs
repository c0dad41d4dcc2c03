import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';

// NestJS with decorators applied by call, so that it runs as plain JavaScript. Patterns are texts and handlers return
// plain values, which are its shortest ways; no pipes, guards or interceptors; no logger.

/** Starts a microservice with the workload's handlers over the given transport. */
export async function serveNest(handlers, transport) {
  class EchoController {
    small(request) {
      return handlers.small(request);
    }

    records(request) {
      return handlers.records(request);
    }
  }
  Controller()(EchoController);
  for (const method of ['small', 'records']) {
    MessagePattern(method)(
      EchoController.prototype,
      method,
      Object.getOwnPropertyDescriptor(EchoController.prototype, method),
    );
  }
  class EchoModule {}
  Module({ controllers: [EchoController] })(EchoModule);
  const app = await NestFactory.createMicroservice(EchoModule, { ...transport, logger: false });
  await app.listen();
  return { close: () => app.close() };
}

/** A client of it. */
export async function connectNest(transport) {
  const client = ClientProxyFactory.create(transport);
  await client.connect();
  return {
    small: (request) => firstValueFrom(client.send('small', request)),
    records: (request) => firstValueFrom(client.send('records', request)),
    close: async () => client.close(),
  };
}
