import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What `protoc` makes of a .proto: a FileDescriptorSet, with what it imports. Rejects with what protoc says against it. */
export async function compiledByProtoc(path: string, text: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'tenon-protoc-'));
  try {
    // Debian has protobuf's own files in another, large package than protoc.
    for (const [file, content] of [...Object.entries(wellKnown), [path, text] as const]) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), content);
    }
    const output = join(folder, 'set.bin');
    execFileSync('protoc', [`-I${folder}`, '--include_imports', `--descriptor_set_out=${output}`, path], {
      stdio: 'pipe',
    });
    return await readFile(output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const wellKnown = Object.freeze({
  'google/protobuf/empty.proto': 'syntax = "proto3"; package google.protobuf; message Empty {}',
  'google/protobuf/timestamp.proto':
    'syntax = "proto3"; package google.protobuf; message Timestamp { int64 seconds = 1; int32 nanos = 2; }',
});
