import type { Replacement } from '../replacement.js';
import { broker } from './broker.js';
import { client } from './client.js';
import { codec } from './codec.js';
import { logger } from './logger.js';
import { registry } from './registry.js';
import { selector } from './selector.js';
import { server } from './server.js';
import { strategy } from './strategy.js';
import { transport } from './transport.js';
import { validator } from './validator.js';

/** Every seam that this example replaces, by its name. */
export const replacements: Readonly<Record<string, Replacement>> = {
  Broker: broker,
  Client: client,
  Codec: codec,
  Logger: logger,
  Registry: registry,
  Selector: selector,
  Server: server,
  Strategy: strategy,
  Transport: transport,
  Validator: validator,
};
