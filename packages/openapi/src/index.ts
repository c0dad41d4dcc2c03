export { type OpenApiDocument, openApiDocument } from './document.js';
export { openApi } from './open-api.js';
export type { DocumentOptions, OpenApiOptions } from './open-api-options.js';
