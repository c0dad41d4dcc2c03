import { runCase, transportCases } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import { describe, it } from 'vitest';
import { proveCases } from './mutants/prove-cases.js';
import { streamMutants } from './mutants/transport-mutants.js';
import { transportFixtures } from './transport-fixture.js';

const streamCases = transportCases.filter(({ name }) => name.includes(' stream: '));

proveCases('transport of streams', streamCases, transportFixtures(), streamMutants, { goodOneByOne: true });

describe('a good transport whose wire lacks client and bidi streams', () => {
  const fixtures = transportFixtures(() => ({
    kinds: ['unary', 'server'],
    connection: (good) => ({
      stream: async (call) => {
        if (call.endpoint.kind === 'server') return good.stream(call);
        throw new ServiceError('Unimplemented', `${call.endpoint.name} is a ${call.endpoint.kind} stream`, {
          executed: 'no',
        });
      },
    }),
  }));
  const lacking = transportCases.filter(({ name }) => /^(client|bidi) stream|the wire lacks/.test(name));
  for (const one of lacking) it(`passes: ${one.name}`, () => runCase(one, fixtures));
});
