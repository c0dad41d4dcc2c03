import createFastify from 'fastify';
import { connectJson } from './http/json-client.mjs';

// Fastify with schemas of its replies, as its docs advise for speed, called by undici. Requests are not validated.

const small = object({ name: { type: 'string' }, n: { type: 'integer' } });
const item = object({
  id: { type: 'integer' },
  name: { type: 'string' },
  price: { type: 'number' },
  active: { type: 'boolean' },
  quantity: { type: 'integer' },
});
const records = object({ items: { type: 'array', items: item } });

export async function serve(handlers) {
  const app = createFastify({ logger: false });
  app.post('/small', { schema: { response: { 200: small } } }, async ({ body }) => handlers.small(body));
  app.post('/records', { schema: { response: { 200: records } } }, async ({ body }) => handlers.records(body));
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const close = async () => {
    app.server.closeAllConnections();
    await app.close();
  };
  return { address, close };
}

export const connect = async (address) => connectJson(address);

function object(properties) {
  return { type: 'object', properties };
}
