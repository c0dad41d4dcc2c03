import { button, byId, element, paragraph } from './elements.js';
import { sampleOf, schemaText } from './schema-text.js';
import { fieldsIn, readable, send } from './sending.js';

/** @typedef {import('./schema-text.js').Schema} Schema */

const documentUrl = new URL(document.body.dataset['document'] ?? '', location.href);
/** @type {HTMLTextAreaElement} */
const fieldsBox = byId('fields');

async function load() {
  const services = byId('services');
  try {
    const reply = await fetch(documentUrl, { headers: fieldsIn(fieldsBox.value) });
    if (!reply.ok) throw new Error(`${documentUrl.pathname} answers ${reply.status}: ${await reply.text()}`);
    const read = await reply.json();
    show(read);
    const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (wanted instanceof HTMLDetailsElement) wanted.open = true;
    wanted?.scrollIntoView();
  } catch (error) {
    services.replaceChildren(element('p', { class: 'failed', role: 'alert' }, [String(error)]));
    /** @type {HTMLDetailsElement} */ (byId('with-each')).open = true;
  }
}

/** @param {Schema} read */
function show({ info, tags, paths, components, servers }) {
  document.title = info.title;
  const link = element('a', { href: documentUrl.href }, ['OpenAPI document']);
  const about = info.description ? [paragraph(info.description)] : [];
  byId('head').replaceChildren(
    element('h1', {}, [info.title, element('small', {}, [` ${info.version}`])]),
    ...about,
    link,
  );
  const base = new URL(servers[0]?.url ?? '/', documentUrl);
  const sections = tags.map((/** @type {Schema} */ { name, description }) => {
    const own = Object.entries(paths).filter(([, { post }]) => post.tags.includes(name));
    return element('section', {}, [
      element('h2', {}, [name]),
      paragraph(description ?? ''),
      ...own.map(([path, { post }]) => operation(path, post, components.schemas, base)),
    ]);
  });
  byId('services').replaceChildren(...sections);
}

/**
 * @param {string} path
 * @param {Schema} post
 * @param {Schema} schemas
 * @param {URL} base
 */
function operation(path, post, schemas, base) {
  const kind = post['x-tenon-kind'];
  const marks = [
    kind === 'unary' ? '' : `${kind} stream`,
    post['x-tenon-idempotent'] ? 'idempotent' : '',
    post.deprecated ? 'deprecated' : '',
  ];
  const [asked] = contentsOf(post.requestBody);
  const given = contentsOf(post.responses['200']);
  const summary = element('summary', {}, [
    element('code', {}, [`POST ${path}`]),
    ...marks.filter((mark) => mark !== '').map((mark) => element('span', { class: 'mark' }, [mark])),
  ]);
  const described = [
    paragraph(post.description ?? ''),
    element('h3', {}, [`Request, ${asked?.type ?? ''}`]),
    element('pre', {}, [schemaText(asked?.message ?? true, schemas)]),
    element('h3', {}, [`${given.length > 1 ? 'Replies' : 'Reply'}, ${given.map(({ type }) => type).join(' or ')}`]),
    element('pre', {}, [schemaText(given[0]?.message ?? true, schemas)]),
  ];
  const canBeSent = asked?.type === 'application/json';
  const trial = canBeSent ? trialOf(new URL(path.slice(1), folderOf(base)), asked.message, given, schemas) : [];
  return element('details', { id: post.operationId, class: 'operation' }, [summary, ...described, ...trial]);
}

/**
 * The part of an operation that sends a request and shows what comes.
 *
 * @param {URL} url
 * @param {Schema} schema
 * @param {readonly { type: string }[]} given
 * @param {Schema} schemas
 */
function trialOf(url, schema, given, schemas) {
  const sample = JSON.stringify(sampleOf(schema, schemas) ?? {}, undefined, 2);
  const rows = String(Math.min(Math.max(sample.split('\n').length, 3), 20));
  const shape = { rows, spellcheck: 'false', 'aria-label': 'The request, in JSON' };
  const request = /** @type {HTMLTextAreaElement} */ (element('textarea', shape));
  request.value = sample;
  const options = given.map(({ type }) => element('option', { value: type }, [type]));
  const accept = /** @type {HTMLSelectElement} */ (
    element('select', { 'aria-label': 'The form of the reply' }, options)
  );
  const status = element('p', { class: 'status', role: 'status' });
  const reply = element('pre', { class: 'reply', tabindex: '0' });
  let sending = new AbortController();
  const sent = async () => {
    sending.abort();
    const own = new AbortController();
    sending = own;
    status.textContent = 'Sending …';
    reply.textContent = '';
    let text = '';
    try {
      const fields = fieldsIn(fieldsBox.value);
      fields.set('content-type', 'application/json');
      fields.set('accept', accept.value);
      await send(
        { url, fields, body: request.value, signal: own.signal },
        {
          head: (line) => {
            status.textContent = line;
          },
          piece: (piece) => {
            text += piece;
            reply.append(piece);
          },
        },
      );
      reply.textContent = readable(text);
    } catch (error) {
      const left = sending !== own;
      if (!left) status.textContent = own.signal.aborted ? `${status.textContent} – cancelled` : String(error);
    }
  };
  const buttons = element('div', { class: 'buttons' }, [
    button('Send', sent),
    button('Cancel', () => sending.abort()),
    ...(given.length > 1 ? [accept] : []),
  ]);
  return [element('h3', {}, ['Try it']), request, buttons, status, reply];
}

/**
 * The media types of a body, each with the schema of one message.
 *
 * @param {Schema | undefined} body
 * @returns {readonly { type: string, message: Schema }[]}
 */
function contentsOf(body) {
  const entries = Object.entries(body?.content ?? {});
  return entries.map(([type, { schema, 'x-itemSchema': item }]) => ({ type, message: item ?? schema ?? {} }));
}

/** @param {URL} base a server of the document, with or without a slash at its end */
function folderOf(base) {
  return base.href.endsWith('/') ? base : new URL(`${base.href}/`);
}

byId('load').addEventListener('click', () => void load());
void load();
