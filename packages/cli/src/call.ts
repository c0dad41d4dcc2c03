import { text } from 'node:stream/consumers';
import type { CallOptions, EndpointKind, ServiceRecord } from '@tenon/contract';
import { recordedKind } from '@tenon/contract/authoring';
import type { Connection } from './connection.js';
import { Failure } from './failure.js';
import { firstFew, recordsOf } from './nodes.js';
import { jsonText, type Output } from './output.js';
import type { Secrets } from './secrets.js';
import type { Surroundings } from './surroundings.js';

/** What `tenon call` takes beside the connection's options. */
export interface CallArguments {
  readonly service: string;
  readonly endpoint: string;
  /** JSON, or `-` for what comes in on standard input. */
  readonly request: string;
  readonly metadata: readonly string[];
  readonly codec?: string;
  readonly stream?: boolean;
}

/** `tenon call SERVICE ENDPOINT JSON`: one call, and its reply or each message of it. */
export async function call(
  given: CallArguments,
  connection: Connection,
  output: Output,
  surroundings: Surroundings,
  secrets: Secrets,
): Promise<void> {
  const { signal } = surroundings;
  const { app, timeoutMs } = connection;
  const metadata = metadataIn(given.metadata, secrets);
  const value = await requestIn(given.request, surroundings);
  const records = await recordsOf(given.service, connection);
  const { name, kind } = endpointIn(records, given);
  const options: CallOptions = {
    signal,
    metadata,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(given.codec === undefined ? {} : { contentType: mediaTypeOf(given.codec) }),
  };
  try {
    if (kind === 'unary') await output.answer(await app.call(given.service, name, value, options));
    else
      for await (const message of app.stream(given.service, name, value, options)) await output.line(jsonText(message));
  } catch (thrown) {
    throw Failure.ofCall(thrown);
  }
}

/** The endpoint by its whole name, or by its method where that is plain: `hello` for `Greeter.Hello`. */
function endpointIn(
  records: readonly ServiceRecord[],
  { service, endpoint, stream }: CallArguments,
): { readonly name: string; readonly kind: EndpointKind } {
  const known = records.flatMap((record) => record.endpoints).filter((one) => one.metadata['subscriber'] !== 'true');
  const method = (name: string): string => name.slice(name.indexOf('.') + 1).toLowerCase();
  const alike = known.filter(
    ({ name }) => name.toLowerCase() === endpoint.toLowerCase() || method(name) === endpoint.toLowerCase(),
  );
  const names = [...new Set(alike.map(({ name }) => name))];
  const found = known.find(({ name }) => name === endpoint) ?? (names.length === 1 ? alike[0] : undefined);
  // A record of another framework may not say what it offers.
  if (found === undefined && known.length > 0) {
    const all = [...new Set(known.map(({ name }) => name))].sort();
    throw Failure.notFound(`${service} has no endpoint ${endpoint}; ${firstFew('there are', all)}`);
  }
  const kind = stream === true ? 'server' : found === undefined ? 'unary' : recordedKind(found);
  const name = found?.name ?? endpoint;
  if (kind === 'client' || kind === 'bidi')
    throw Failure.usage(`${name} takes a stream of requests, which call cannot send`);
  return { name, kind };
}

/** @throws Failure that does not repeat what was given. */
export function metadataIn(pairs: readonly string[], secrets: Secrets): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw Failure.usage('--metadata takes key=value');
    metadata[pair.slice(0, at)] = pair.slice(at + 1);
    secrets.add(pair.slice(at + 1));
  }
  return metadata;
}

export async function requestIn(request: string, { input }: Surroundings): Promise<unknown> {
  const json = request === '-' ? await text(input) : request;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw Failure.usage(
      `the request is not JSON; it looks like '{"name":"Ada"}', in quotes that keep it from the shell`,
    );
  }
}

/** `json` is `application/json`. */
export function mediaTypeOf(codec: string): string {
  return codec.includes('/') ? codec : `application/${codec}`;
}
