import type { DeliveryLevel } from '@tenon/contract';
import { Command, Option } from 'commander';
import { call, mediaTypeOf, metadataIn, requestIn } from './call.js';
import type { BrokerConnection, Connection, ConnectionOptions } from './connection.js';
import { listDeadLetters, requeueDeadLetter, showDeadLetter } from './dead-letters.js';
import { describe } from './describe.js';
import { Failure } from './failure.js';
import { nodes } from './nodes.js';
import { Output } from './output.js';
import { publish } from './publish.js';
import type { Secrets } from './secrets.js';
import { services } from './services.js';
import { subscribe } from './subscribe.js';
import type { Surroundings } from './surroundings.js';
import { watch } from './watch.js';

interface GivenOptions extends ConnectionOptions {
  readonly json?: boolean;
  readonly metadata?: readonly string[];
  readonly codec?: string;
  readonly stream?: boolean;
  readonly delivery?: string;
  readonly queue?: string;
  readonly fromStart?: boolean;
  readonly topic?: string;
  readonly limit?: string;
  readonly serviceVersion?: string;
  readonly out?: string;
  readonly lock?: string;
  readonly against?: string;
  readonly check?: boolean;
  readonly of?: string;
}

/** The commands and their options. Each command rejects with a `Failure` where it does not end well. */
export function program(surroundings: Surroundings, secrets: Secrets): Command {
  const { output, errors, signal } = surroundings;
  const tenon = new Command('tenon')
    .description(
      'Sees which services there are, follows them, calls them, publishes and hears events, over any registry and broker.',
    )
    .option('--registry <name>', 'etcd, or any other whose package @tenon/registry-NAME is installed (TENON_REGISTRY)')
    .option('--address <list>', 'where the registry is: host:port, separated by commas (TENON_ETCD, TENON_NAME)')
    .option('--options <file>', "JSON with further options of the registry's factory, passwords among them")
    .option('--broker <name>', 'nats, or any other whose package @tenon/broker-NAME is installed (TENON_BROKER)')
    .option('--broker-address <list>', 'where the broker is: host:port, separated by commas (TENON_NATS, TENON_NAME)')
    .option('--broker-options <file>', "JSON with further options of the broker's factory, passwords among them")
    .option('--timeout <ms>', 'how long the registry, and a call, may take (default: 5000, and 10000 for a call)')
    .option('--json', 'one JSON document, or one for each event')
    .option('--verbose', 'say on standard error what happens underneath')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void output.write(text),
      writeErr: (text) => void errors.write(secrets.redact(text)),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride();
  const does =
    (work: (connection: Connection, output: Output, options: GivenOptions, args: readonly string[]) => Promise<void>) =>
    async (...given: readonly unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const options: GivenOptions = command.optsWithGlobals();
      // Only now: help, and what is wrong with the arguments, need not wait for the rest of Tenon to load.
      const { connected } = await import('./connection.js');
      const results = new Output(surroundings, options.json === true);
      await connected(options, surroundings, secrets, (connection) => work(connection, results, options, command.args));
    };
  const doesWithBroker =
    (
      work: (
        connection: BrokerConnection,
        output: Output,
        options: GivenOptions,
        args: readonly string[],
      ) => Promise<void>,
    ) =>
    async (...given: readonly unknown[]): Promise<void> => {
      const command = given.at(-1) as Command;
      const options: GivenOptions = command.optsWithGlobals();
      const { connectedToBroker } = await import('./connection.js');
      const results = new Output(surroundings, options.json === true);
      await connectedToBroker(options, surroundings, secrets, (connection) =>
        work(connection, results, options, command.args),
      );
    };
  tenon
    .command('services')
    .description('lists the services that have a node')
    .action(does((connection, results) => services(connection, results)));
  tenon
    .command('nodes <name>')
    .description('lists the nodes of a service')
    .action(does((connection, results, _options, [name = '']) => nodes(name, connection, results)));
  tenon
    .command('describe <service>')
    .description('tells what a service offers: endpoints, requests and replies, subscriptions, nodes')
    .action(does((connection, results, _options, [name = '']) => describe(name, connection, results)));
  tenon
    .command('proto <service>')
    .description('prints the .proto of a service, and keeps its field numbers in a lock file')
    .option('--of <version>', 'of which version of the service (default: the highest)')
    .option('--lock <file>', 'the numbers are those of this file, which is made or brought up to date')
    .option('--check', 'fail where the lock file is not up to date, and leave it as it is')
    .option('--against <file>', 'an older state of the lock file, of which every number must mean the same')
    .action(
      does(async (connection, results, { of: version, lock, against, check = false }, [service = '']) => {
        if (lock === undefined && (check || against !== undefined)) {
          throw Failure.usage('--check and --against are about a lock file: name it by --lock');
        }
        const { proto } = await import('./proto.js');
        await proto({ service, version, lock, against, check }, connection, results, surroundings);
      }),
    );
  tenon
    .command('watch [service]')
    .description('tells which nodes come and go, until Ctrl-C')
    .action(does((connection, results, _options, [name]) => watch(name, connection, results, signal)));
  tenon
    .command('call <service> <endpoint> [json]')
    .description('calls an endpoint with a request in JSON, or from standard input where that is "-"')
    .option('--metadata <key=value>', 'sent with the call; may be repeated', collected, [])
    .option('--codec <name>', 'json, msgpack, or a media type')
    .option('--stream', 'the reply is a stream, although the registry does not say so')
    .action(
      does((connection, results, options, [service = '', endpoint = '', request = '{}']) => {
        const { metadata = [], codec, stream } = options;
        const given = { service, endpoint, request, metadata };
        const chosen = { ...(codec === undefined ? {} : { codec }), ...(stream === undefined ? {} : { stream }) };
        return call({ ...given, ...chosen }, connection, results, surroundings, secrets);
      }),
    );
  tenon
    .command('client <service>')
    .description("writes a typed client from the registry's schemas, for those who do not have the class")
    .addOption(new Option('--lang <language>', 'what to write it in').choices(['ts']).default('ts'))
    .option('--out <file>', 'where to write it (default: standard output)')
    .option('--service-version <version>', 'of several versions this one (default: the highest)')
    .action(
      does(async (connection, results, { serviceVersion: version, out: file }, [service = '']) => {
        const { writeClient } = await import('./write-client.js');
        await writeClient({ service, version, file }, connection, results, surroundings);
      }),
    );
  tenon
    .command('publish <topic> [json]')
    .description('publishes an event in JSON, or from standard input where that is "-"')
    .option('--metadata <key=value>', 'sent with the event; may be repeated', collected, [])
    .option('--codec <name>', 'json, msgpack, or a media type')
    .option('--delivery <level>', 'atMostOnce or atLeastOnce')
    .action(
      doesWithBroker(async (connection, results, options, [topic = '', event = '{}']) => {
        const { metadata = [], codec, delivery } = options;
        const given = {
          topic,
          event: await requestIn(event, surroundings),
          metadata: metadataIn(metadata, secrets),
          delivery: levelIn(delivery),
          contentType: codec === undefined ? undefined : mediaTypeOf(codec),
        };
        await publish(given, connection, results);
      }),
    );
  tenon
    .command('subscribe <topic>')
    .description('tells each event of a topic, or of a pattern such as "order.>", as a line of JSON, until Ctrl-C')
    .option('--queue <name>', 'takes its share of a queue instead of hearing all')
    .option('--delivery <level>', 'atMostOnce or atLeastOnce')
    .option('--from-start', 'begins with what the broker has kept')
    .action(
      doesWithBroker((connection, results, { queue, delivery, fromStart }, [topic = '']) => {
        const startFrom = fromStart === true ? 'first' : undefined;
        return subscribe({ topic, queue, delivery: levelIn(delivery), startFrom }, connection, results, signal);
      }),
    );
  const deadLetters = tenon.command('dead-letters').description('lists what was given up, the oldest first');
  deadLetters
    .command('list', { isDefault: true })
    .description('lists them')
    .option('--topic <topic>', 'those of one dead-letter topic')
    .option('--limit <count>', 'how many at most (default: 100)')
    .action(
      doesWithBroker((connection, results, { topic, limit }) =>
        listDeadLetters({ topic, limit: limit === undefined ? undefined : Number(limit) }, connection, results),
      ),
    );
  deadLetters
    .command('show <id>')
    .description('shows one with its event')
    .action(doesWithBroker((connection, results, _options, [id = '']) => showDeadLetter(id, connection, results)));
  deadLetters
    .command('requeue <id>')
    .description('publishes one again, for the queue that gave it up')
    .action(doesWithBroker((connection, results, _options, [id = '']) => requeueDeadLetter(id, connection, results)));
  return tenon;
}

function levelIn(delivery: string | undefined): DeliveryLevel | undefined {
  if (delivery === undefined || delivery === 'atMostOnce' || delivery === 'atLeastOnce') return delivery;
  throw Failure.usage(`--delivery is ${JSON.stringify(delivery)}; it must be atMostOnce or atLeastOnce`);
}

function collected(pair: string, before: readonly string[]): readonly string[] {
  return [...before, pair];
}
