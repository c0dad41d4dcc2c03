import type { Intercept } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { chain } from '../src/interceptors/chain.js';
import { CompiledSchemas } from '../src/schemas/compiled-schemas.js';
import { Dispatcher } from '../src/server/dispatcher.js';
import { Route } from '../src/server/route.js';
import { Router } from '../src/server/router.js';
import { servedEndpoint } from './greeter.js';
import { HelloRequest, NameValidator } from './name-validator.js';
import { RecordingLogger } from './recording-logger.js';

/** What stands in the way of a call: interceptors by place, and the handler. */
export interface DispatcherSetting {
  readonly handle?: (request: unknown) => unknown;
  readonly early?: readonly Intercept[];
  readonly bound?: readonly Intercept[];
  readonly used?: readonly Intercept[];
}

/** A dispatcher with the one endpoint `Greeter.Hello`, whose request and reply are `HelloRequest`. */
export function dispatcherOf({ handle = () => 'hi', early = [], bound = [], used = [] }: DispatcherSetting = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const router = new Router();
  const descriptor = { request: HelloRequest, response: HelloRequest };
  const endpoint = servedEndpoint(handle, { interceptors: used, descriptor });
  router.add('n1', 'greeter', [new Route('n1', endpoint, new CompiledSchemas(new NameValidator()), bound)]);
  const dispatcher = new Dispatcher(router, chain(early), clock, logger, 60_000);
  return { clock, logger, dispatcher };
}
