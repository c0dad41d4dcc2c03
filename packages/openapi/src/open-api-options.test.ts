import { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { openApi } from './open-api.js';
import { type OpenApiOptions, resolveOpenApiOptions } from './open-api-options.js';

test('the defaults', () => {
  expect(resolveOpenApiOptions()).toEqual({
    document: { servers: ['/'] },
    servers: ['/'],
    documentPath: '/openapi.json',
    pagePath: '/docs',
  });
  expect(resolveOpenApiOptions({ pagePath: false }).pagePath).toBeUndefined();
});

test.each<readonly [OpenApiOptions, string]>([
  [{ documentPath: 'openapi.json' }, 'openApi.documentPath is "openapi.json"'],
  [{ documentPath: '/a b' }, 'openApi.documentPath is "/a b"'],
  [{ pagePath: '/docs/' }, 'openApi.pagePath is "/docs/"'],
  [{ pagePath: '/"><script>' }, 'openApi.pagePath is'],
  [{ pagePath: '/openapi.json' }, 'another path than documentPath'],
  [{ servers: [] }, 'openApi.servers is []'],
  [{ servers: ['javascript:alert(1)'] }, 'openApi.servers is "javascript:alert(1)"'],
  [{ servers: ['https://a; script-src *'] }, 'openApi.servers is'],
  [{ servers: ['//elsewhere.example'] }, 'openApi.servers is'],
])('%j is refused by name, value and mend', (options, said) => {
  expect(() => openApi(options)).toThrow(ServiceError);
  expect(() => openApi(options)).toThrow(said);
});
