/** One way in which go-micro and we can talk. */
export interface Wire {
  /** Which of its clients and servers. */
  readonly protocol: 'mucp' | 'grpc';
  /** Plain structs of Go, or messages of protobuf. */
  readonly messages: 'plain' | 'typed';
  /** As its client has it. */
  readonly itsType: string;
  /** As ours has it. */
  readonly ourType: string;
}

export const wires: readonly Wire[] = [
  { protocol: 'mucp', messages: 'plain', itsType: 'application/json', ourType: 'application/json' },
  { protocol: 'mucp', messages: 'plain', itsType: 'application/json-rpc', ourType: 'application/json-rpc' },
  { protocol: 'mucp', messages: 'typed', itsType: 'application/protobuf', ourType: 'application/protobuf' },
  { protocol: 'mucp', messages: 'typed', itsType: 'application/proto-rpc', ourType: 'application/proto-rpc' },
  { protocol: 'grpc', messages: 'plain', itsType: 'application/grpc+json', ourType: 'application/json' },
  { protocol: 'grpc', messages: 'typed', itsType: 'application/grpc+proto', ourType: 'application/protobuf' },
];

/** `mucp in application/json`, as cases are named. */
export function nameOf({ protocol, itsType }: Wire): string {
  return `${protocol === 'grpc' ? 'gRPC' : protocol} in ${itsType}`;
}

/** The flags of its program. */
export function flagsOf({ protocol, messages }: Wire): readonly string[] {
  return ['-protocol', protocol, '-messages', messages];
}

/** Who calls, as metadata tell it: what is not ASCII has no place in gRPC's. */
export function fromOf({ protocol }: Wire): string {
  return protocol === 'grpc' ? 'Zoe' : 'Zoë';
}
