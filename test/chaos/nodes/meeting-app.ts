import { etcdRegistry } from '@tenon/registry-etcd';
import { type App, type AppOptions, createApp } from 'tenon';
import { type TransportTuning, tlsOf, transportOf } from '../lab/wire.js';
import type { Meeting } from './orders.js';

/** An app that finds the others of its fleet, and speaks their wire alone. Its `modules` come after the fleet's. */
export function meetingApp(
  meeting: Meeting & { readonly transport?: TransportTuning },
  options: Omit<AppOptions, 'profile' | 'tls'> = {},
): Promise<App> {
  const tls = tlsOf(meeting.wire);
  return createApp({
    log: { level: 'error' },
    ...options,
    profile: 'test',
    modules: [
      etcdRegistry({ endpoints: [meeting.etcd], prefix: meeting.prefix }),
      transportOf(meeting.wire, meeting.transport),
      ...(options.modules ?? []),
    ],
    ...(tls === undefined ? {} : { tls }),
  });
}
