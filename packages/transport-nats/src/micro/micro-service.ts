import type { EndpointRecord, Metadata, ServiceRecord } from '@tenon/contract';
import { EndpointStats } from './endpoint-stats.js';

/** One endpoint, as strangers see it. */
export interface MicroEndpoint {
  /** As Tenon names it: `Greeter.Hello`. */
  readonly endpoint: string;
  /** As NATS's service protocol allows a name: `Greeter-Hello`. */
  readonly name: string;
  readonly subject: string;
  readonly metadata: Metadata;
  readonly stats: EndpointStats;
}

/**
 * One version of one service at this node, in the words of NATS's service protocol (ADR-32).
 *
 * @see https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md
 */
export class MicroService {
  /** The service as Tenon names it. */
  readonly service: string;
  /** The id of the node as the registry has it. */
  readonly node: string | undefined;
  readonly name: string;
  readonly id: string;
  readonly endpoints: readonly MicroEndpoint[];
  readonly #version: string;
  readonly #metadata: Metadata;
  readonly #queueGroup: string;
  readonly #started: string;

  constructor(record: ServiceRecord, queueGroup: string, startedAt: Date) {
    this.service = record.name;
    this.node = record.nodes[0]?.id;
    this.name = nameToken(record.name);
    this.id = nameToken(this.node ?? record.name);
    this.#version = record.version;
    this.#metadata = record.metadata;
    this.#queueGroup = queueGroup;
    this.#started = startedAt.toISOString();
    this.endpoints = record.endpoints.filter(isCalled).map(({ name, metadata }) => ({
      endpoint: name,
      name: nameToken(name),
      subject: endpointSubject(record.name, name),
      metadata,
      stats: new EndpointStats(),
    }));
  }

  ping(): object {
    return { type: 'io.nats.micro.v1.ping_response', ...this.#identity };
  }

  info(): object {
    return {
      type: 'io.nats.micro.v1.info_response',
      ...this.#identity,
      description: '',
      endpoints: this.endpoints.map(({ name, subject, metadata }) => ({
        name,
        subject,
        queue_group: this.#queueGroup,
        metadata,
      })),
    };
  }

  stats(): object {
    return {
      type: 'io.nats.micro.v1.stats_response',
      ...this.#identity,
      started: this.#started,
      endpoints: this.endpoints.map(({ name, subject, stats }) => ({
        name,
        subject,
        queue_group: this.#queueGroup,
        ...stats.figures,
      })),
    };
  }

  get #identity(): object {
    return { name: this.name, id: this.id, version: this.#version, metadata: this.#metadata };
  }
}

/** `greeter.Greeter.Hello`: the subject on which strangers call an endpoint. */
function endpointSubject(service: string, endpoint: string): string {
  return [service, ...endpoint.split('.')].map(subjectToken).join('.');
}

/** Names there are letters, digits, dashes and underscores. */
function nameToken(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '-');
}

/** One token of a subject, which a service's own dots may part further. */
function subjectToken(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.$-]/g, '_').replaceAll(/^\.+|\.+$|\.(?=\.)/g, '') || '_';
}

/** Events come by the broker. */
function isCalled({ metadata }: EndpointRecord): boolean {
  return metadata['subscriber'] !== 'true';
}
