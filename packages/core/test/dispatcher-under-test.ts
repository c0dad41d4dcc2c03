import type { Clock, EndpointDescriptor, Intercept, Validator } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { chain } from '../src/interceptors/chain.js';
import { CompiledSchemas } from '../src/schemas/compiled-schemas.js';
import { Dispatcher } from '../src/server/dispatcher.js';
import { Route } from '../src/server/route.js';
import { Router } from '../src/server/router.js';
import { resolveServerOptions, type ServerOptions } from '../src/server/server-options.js';
import { telemetryOf } from '../src/telemetry/index.js';
import { servedEndpoint } from './greeter.js';
import { HelloRequest, NameValidator } from './name-validator.js';
import { RecordingLogger } from './recording-logger.js';

/** What stands in the way of a call: interceptors by place, and the handler. */
export interface DispatcherSetting {
  readonly handle?: (request: unknown) => unknown;
  readonly kind?: EndpointDescriptor['kind'];
  readonly early?: readonly Intercept[];
  readonly bound?: readonly Intercept[];
  readonly used?: readonly Intercept[];
  readonly validator?: Validator;
  readonly options?: ServerOptions;
  /** In place of the fake one that is returned. */
  readonly clock?: Clock;
  /** In place of `setImmediate`. */
  readonly afterReads?: (callback: () => void) => void;
}

/** A dispatcher with the one endpoint `Greeter.Hello`, whose request and reply are `HelloRequest`. */
export function dispatcherOf(setting: DispatcherSetting = {}) {
  const { handle = () => 'hi', kind = 'unary', early = [], bound = [], used = [] } = setting;
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const router = new Router();
  const descriptor = { kind, request: HelloRequest, response: HelloRequest };
  const endpoint = servedEndpoint(handle, { interceptors: used, descriptor });
  const schemas = new CompiledSchemas(setting.validator ?? new NameValidator());
  router.add({ id: 'n1', version: '1.0.0' }, 'greeter', [new Route('n1', endpoint, schemas, bound)]);
  const meter = new RecordingMeter();
  const dispatcher = new Dispatcher({
    router,
    early: chain(early),
    clock: setting.clock ?? clock,
    logger,
    telemetry: telemetryOf(meter),
    options: resolveServerOptions(setting.options),
    // The clock is not the machine's: what others take of that is none of its time.
    stolenMs: () => 0,
    ...(setting.afterReads === undefined ? {} : { afterReads: setting.afterReads }),
  });
  return { clock, logger, dispatcher, meter };
}
