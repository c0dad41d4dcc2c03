import { IsInt } from 'class-validator';
import { createApp, Endpoint, Registry, Service, Transport, tcpTransport, wrapped } from 'tenon';

class Numbered {
  @IsInt() n!: number;
}

/** Milliseconds from dialling to being welcomed, by a service of so many endpoints, for each of so many connections. */
export async function handshakes(endpoints: number, connections: number): Promise<readonly number[]> {
  let transport: Transport | undefined;
  const wire = wrapped(tcpTransport(), (inner): Transport => {
    transport = inner;
    return inner;
  });
  const app = await createApp({
    profile: 'test',
    services: [aService(endpoints)],
    modules: [wire],
    log: { level: 'error' },
  });
  try {
    await app.start();
    const node = (await app.get(Registry).lookup('wide'))[0]?.nodes[0];
    if (node === undefined || transport === undefined) throw new Error('the service was not registered');
    const times: number[] = [];
    for (let connection = 0; connection < connections; connection += 1) {
      const began = performance.now();
      const dialled = await transport.dial(node, { service: 'wide' });
      times.push(performance.now() - began);
      await dialled.close();
    }
    return times;
  } finally {
    await app.close();
  }
}

function aService(endpoints: number): new () => object {
  class Wide {}
  const names = Array.from({ length: endpoints }, (_, index) => `endpoint${index}`);
  for (const name of names) {
    const method = { value: (request: Numbered) => request, writable: true, configurable: true };
    Object.defineProperty(Wide.prototype, name, method);
    Endpoint({ request: Numbered, response: Numbered })(Wide.prototype, name, method);
  }
  Service('wide')(Wide);
  return Wide;
}
