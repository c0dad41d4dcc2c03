import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { registryConformance } from '@tenon/conformance';
import { isProvider, Registry } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import { FileRegistry, fileRegistry } from './file-registry.mjs';

it('is handed out as a provider of the Registry seam', () => {
  const provider = fileRegistry(tmpdir());
  assert.ok(isProvider(provider));
  assert.equal(provider.token, Registry);
});

registryConformance(
  { describe, it },
  {
    create() {
      const parent = mkdtempSync(join(tmpdir(), 'file-registry-'));
      const folder = mkdtempSync(join(parent, 'here-'));
      const away = join(parent, 'away');
      /** @type {FileRegistry[]} */
      const clients = [];
      const connect = () => {
        const client = new FileRegistry(folder, silentLogger());
        clients.push(client);
        return client;
      };
      return {
        registry: connect(),
        another: async () => connect(),
        minTtlMs: 1_000,
        crash: async (client) => clients.find((one) => one === client)?.vanish(),
        faults: {
          cut: async () => renameSync(folder, away),
          heal: async () => renameSync(away, folder),
        },
        async dispose() {
          for (const client of clients) await client.close();
          rmSync(parent, { recursive: true, force: true });
        },
      };
    },
  },
);
