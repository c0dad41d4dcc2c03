/**
 * Makes an element. Text stays text: nothing of a document or a reply is ever read as markup.
 *
 * @param {string} name
 * @param {Readonly<Record<string, string>>} attributes
 * @param {readonly (Node | string)[]} children
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

/**
 * A paragraph of a description, in which what stands between backticks is code. The rest of Markdown is shown as it was written.
 *
 * @param {string} text
 */
export function paragraph(text) {
  const parts = text.split('`');
  // A backtick without its partner is one.
  const last = parts.length % 2 === 0 ? parts.splice(-2).join('`') : undefined;
  const all = last === undefined ? parts : [...parts, last];
  return element(
    'p',
    { class: 'said' },
    all.map((part, index) => (index % 2 === 0 ? part : element('code', {}, [part]))),
  );
}

/**
 * @param {string} label
 * @param {() => unknown} press
 */
export function button(label, press) {
  const made = /** @type {HTMLButtonElement} */ (element('button', { type: 'button' }, [label]));
  made.addEventListener('click', () => void press());
  return made;
}

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return /** @type {T} */ (found);
}
