import { createApp, Endpoint, Service } from 'tenon';
import { answerQuestions } from './questions.js';

// An app as the first page of the documentation makes it: no options at all. What it needs to know of the machine stands in the
// environment.

@Service('bare')
class Bare {
  @Endpoint()
  ping(): { readonly ok: boolean } {
    return { ok: true };
  }
}

const app = await createApp({ services: [Bare] });
answerQuestions({});
await app.start();
process.send?.({ ready: app.address });
