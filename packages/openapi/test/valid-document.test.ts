import { Validator } from '@seriousme/openapi-schema-validator';
import { IsString } from 'class-validator';
import { createApp, Endpoint, Registry, Service, type StandardSchema } from 'tenon';
import { expect, test } from 'vitest';
import { type OpenApiDocument, openApiDocument } from '../src/index.js';
import { RunningShop } from './running-shop.js';

/** What a validator of strangers finds. */
async function faultsOf(document: unknown): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
  return valid ? [] : errors;
}

/** Every reference in a document that leads nowhere. */
function danglingIn(document: object): readonly string[] {
  const references: string[] = [];
  JSON.stringify(document, (key, value: unknown) => {
    if (key === '$ref') references.push(String(value));
    return value;
  });
  expect(references.length).toBeGreaterThan(10);
  return references.filter((reference) => {
    const names = reference.split('/').slice(1);
    return names.reduce<unknown>((place, name) => (place as Record<string, unknown>)?.[name], document) === undefined;
  });
}

test('what an app serves is a valid OpenAPI 3.1 document', async () => {
  await using shop = await RunningShop.started();
  const document = (await (await shop.get('/openapi.json')).json()) as OpenApiDocument;
  expect(await faultsOf(document)).toEqual([]);
  expect(danglingIn(document)).toEqual([]);
  // The validator does find what is wrong.
  const { info: _, ...without } = document;
  expect(await faultsOf(without)).not.toEqual([]);
  expect(await faultsOf({ ...document, paths: { '/x': { post: { responses: { abc: {} } } } } })).not.toEqual([]);
});

test('whatever services look like, the document is valid', async () => {
  const a = (() => {
    class Item {
      @IsString() a!: string;
    }
    return Item;
  })();
  const b = (() => {
    class Item {
      @IsString() b!: string;
    }
    return Item;
  })();
  const named = {
    'a/b~cü': class {
      declare x: string;
    },
  }['a/b~cü']!;
  IsString()(named.prototype, 'x');
  /** As zod gives it, with what OpenAPI has no place for, and a reference that leads nowhere. */
  const foreign = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) => ({ value: value as never }),
      jsonSchema: {
        input: () => ({
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          $id: 'https://example.com/x',
          type: 'object',
          properties: { again: { $ref: '#' }, gone: { $ref: '#/$defs/gone' }, dynamic: { $dynamicRef: '#x' } },
        }),
      },
    },
  } as StandardSchema<never>;
  @Service('odd', { as: 'Odd' })
  class Odd {
    @Endpoint({ request: a }) one(): void {}
    @Endpoint({ request: b }) two(): void {}
    @Endpoint({ request: named as never, name: '$x:y@z' }) three(): void {}
    @Endpoint({ request: foreign }) four(): void {}
    @Endpoint() five(): void {}
  }
  const app = await createApp({ services: [Odd], profile: 'test', log: { level: 'silent' } });
  await app.start();
  const document = openApiDocument(await app.get(Registry).lookup('odd'));
  await app.close();
  expect(await faultsOf(document)).toEqual([]);
  expect(danglingIn(document)).toEqual([]);
  const schemas = Object.keys(document.components.schemas);
  expect(schemas).toEqual(expect.arrayContaining(['Item', 'Item2', 'a_b_c_', 'OddFourRequest']));
  expect(document.paths['/odd/Odd.%24x%3Ay%40z']?.post.requestBody.content['application/json']).toEqual({
    schema: { $ref: '#/components/schemas/a_b_c_' },
  });
  expect(document.components.schemas['OddFourRequest']).toMatchObject({
    properties: { again: { $ref: '#/components/schemas/OddFourRequest' }, gone: { description: expect.any(String) } },
  });
});

test('no service is a valid document too', async () => {
  expect(await faultsOf(openApiDocument([]))).toEqual([]);
});
