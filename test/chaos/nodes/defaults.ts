import { anything, callContext, createApp, Endpoint, Service } from 'tenon';
import { tlsOf } from '../lab/wire.js';
import { frozenObjectsWith } from './heap.js';
import { answerQuestions } from './questions.js';

// An app with no options of its own: says what the objects in it are made with, and makes a call when it is asked to. With `tls`
// its one option is that.

const { tls } = JSON.parse(process.argv[2] ?? '') as { readonly tls: boolean };

@Service('defaults')
class Defaults {
  /** How long the caller will wait, as it is seen here. */
  @Endpoint()
  left(): { readonly ms: number } {
    return { ms: callContext().timeLeftMs };
  }

  @Endpoint({ request: anything })
  take(value: Record<string, unknown>): { readonly fields: number } {
    return { fields: Object.keys(value).length };
  }
}

const { ca, cert, key } = tlsOf('h2+tls') ?? {};
const files = { ca, cert, key };
const app = await createApp({ services: [Defaults], ...(tls ? { tls: files } : {}) });
for (const name of Object.keys(process.env)) if (name.startsWith('TENON_')) delete process.env[name];
/** Never started: one that nobody told even where etcd and NATS are; with what has defaults only where it is asked for. */
const untold = await createApp({ services: [Defaults], client: { breaker: true }, tls: files });
answerQuestions({
  objects: (names: readonly (readonly string[])[]) => frozenObjectsWith(names),
  profile: () => untold.describe().profile,
  call: async (service: string) => {
    // Nobody answers as a node would: what counts is what was sent.
    await app.call(service, 'Raw.Ask', {}, { idempotent: true }).catch(() => {});
  },
});
await app.start();
process.send?.({ ready: app.address });
