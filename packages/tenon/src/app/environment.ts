import { type LogLevel, ServiceError } from '@tenon/contract';

/** The names of the sets of default providers. */
export type ProfileName = (typeof profileNames)[number];

/** In the order in which errors list them. */
export const profileNames = ['standard', 'classic', 'local', 'test'] as const;

/** What the environment says, each field from one `TENON_…` variable; absent where it is not set. */
export interface Environment {
  /** `TENON_PROFILE`: `standard`, `classic`, `local` or `test`. */
  readonly profile?: ProfileName;
  /** `TENON_LISTEN`: `host:port`. */
  readonly listen?: string;
  /** `TENON_ADVERTISE`: `host:port` or `host`. */
  readonly advertise?: string;
  /** `TENON_ETCD`: endpoints of etcd, `host:port`, separated by commas. */
  readonly etcd?: readonly string[];
  /** `TENON_CONSUL`: the agent of Consul, `host:port`. */
  readonly consul?: string;
  /** `TENON_NATS`: servers of NATS, `host:port`, separated by commas. */
  readonly nats?: readonly string[];
  /** `TENON_REGISTRY`: which registry the command `tenon` asks. An app takes its registry from `modules` and the profile. */
  readonly registry?: string;
  /** `TENON_BROKER`: which broker the command `tenon` publishes and subscribes over. An app takes its broker from `modules` and the profile. */
  readonly broker?: string;
  /** `TENON_LOG_LEVEL`: `debug`, `info`, `warn`, `error` or `silent`. */
  readonly logLevel?: LogLevel;
  /** `TENON_LOG_FORMAT`: `json` or `text`. */
  readonly logFormat?: 'json' | 'text';
  /** `TENON_FAIL_FAST`: `true` or `false`. */
  readonly failFast?: boolean;
}

/**
 * Reads the variables. Empty ones count as not set.
 *
 * @throws ServiceError `InvalidArgument` naming a variable whose value is none of those possible, and any other variable
 * that begins with `TENON_`: a misspelt one must not be ignored.
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  for (const name of Object.keys(variables)) {
    if (!name.startsWith('TENON_') || known.has(name) || ofKubernetes.test(name)) continue;
    throw refused(name, variables[name], [...known.keys()].join(', '));
  }
  const text = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const list = (name: string): readonly string[] | undefined =>
    text(name)
      ?.split(',')
      .map((part) => part.trim());
  const failFast = oneOf('TENON_FAIL_FAST', text('TENON_FAIL_FAST'), ['true', 'false']);
  const environment = {
    profile: oneOf('TENON_PROFILE', text('TENON_PROFILE'), profileNames),
    listen: text('TENON_LISTEN'),
    advertise: text('TENON_ADVERTISE'),
    etcd: list('TENON_ETCD'),
    consul: text('TENON_CONSUL'),
    nats: list('TENON_NATS'),
    registry: text('TENON_REGISTRY'),
    broker: text('TENON_BROKER'),
    logLevel: oneOf('TENON_LOG_LEVEL', text('TENON_LOG_LEVEL'), ['debug', 'info', 'warn', 'error', 'silent']),
    logFormat: oneOf('TENON_LOG_FORMAT', text('TENON_LOG_FORMAT'), ['json', 'text']),
    failFast: failFast === undefined ? undefined : failFast === 'true',
  };
  return Object.freeze(Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined)));
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined || allowed.includes(value as T)) return value as T | undefined;
  throw refused(name, value, allowed.join(', '));
}

function refused(name: string, value: string | undefined, allowed: string): ServiceError {
  const what = known.has(name)
    ? `is ${JSON.stringify(value)}; it must be one of`
    : 'is set, but no such variable exists; there are';
  return new ServiceError('InvalidArgument', `the environment variable ${name} ${what} ${allowed}`, { executed: 'no' });
}

/** What Kubernetes sets in every container for a service whose name begins with `tenon`. */
const ofKubernetes = /_SERVICE_(HOST|PORT(_\w+)?)$|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?$/;

const known: ReadonlySet<string> = new Set([
  'TENON_PROFILE',
  'TENON_LISTEN',
  'TENON_ADVERTISE',
  'TENON_ETCD',
  'TENON_CONSUL',
  'TENON_NATS',
  'TENON_REGISTRY',
  'TENON_BROKER',
  'TENON_LOG_LEVEL',
  'TENON_LOG_FORMAT',
  'TENON_FAIL_FAST',
]);
