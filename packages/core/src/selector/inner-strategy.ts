import { isProvider, type Provider, ServiceError, Strategy } from '@tenon/contract';
import { p2cStrategy } from './p2c.js';

/**
 * The strategy that one which chooses a part of the nodes uses within it: what the caller gave, else the default one.
 *
 * @param option - as errors name it: `zoneAwareStrategy.within`.
 * @throws ServiceError `InvalidArgument` where it is no provider of a strategy.
 */
export function innerStrategy(option: string, given: Provider<Strategy> | undefined): Provider<Strategy> {
  if (given === undefined) return p2cStrategy();
  if (isProvider(given) && given.token === Strategy) return given;
  throw new ServiceError('InvalidArgument', `${option} must be the provider of a Strategy, such as p2cStrategy()`, {
    executed: 'no',
  });
}
