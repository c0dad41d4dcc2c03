import { etcdRegistry } from '@tenon/registry-etcd';
import { type App, type AppOptions, createApp, type Provider, type Registry } from 'tenon';
import { backEndNamed } from '../lab/back-ends.js';
import { type TransportTuning, tlsOf, transportOf } from '../lab/wire.js';
import type { Meeting } from './orders.js';

/** An app that finds the others of its fleet, and speaks their wire alone. Its `modules` come after the fleet's. */
export async function meetingApp(
  meeting: Meeting & { readonly transport?: TransportTuning },
  options: Omit<AppOptions, 'profile' | 'tls'> = {},
): Promise<App> {
  const tls = tlsOf(meeting.wire);
  return createApp({
    log: { level: 'error' },
    ...options,
    profile: 'test',
    modules: [await registryOf(meeting), transportOf(meeting.wire, meeting.transport), ...(options.modules ?? [])],
    ...(tls === undefined ? {} : { tls }),
  });
}

async function registryOf({ etcd, prefix, registry }: Meeting): Promise<Provider<Registry>> {
  if (registry === undefined) return etcdRegistry({ endpoints: [etcd], prefix });
  return (await backEndNamed(registry.name)).connect(registry.where as never);
}
