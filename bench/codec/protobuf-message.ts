import { createRequire } from 'node:module';

export interface ProtobufType {
  fromObject(value: unknown): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

/** The peers' own protobufjs, with the messages that grpc-js races with. */
export function protobufMessage(): ProtobufType {
  const peers = new URL('../../peers/', import.meta.url);
  const protobufjs = createRequire(new URL('package.json', peers))('protobufjs') as {
    loadSync(file: string): { lookupType(name: string): ProtobufType };
  };
  return protobufjs.loadSync(new URL('echo.proto', peers).pathname).lookupType('bench.RecordsMessage');
}
