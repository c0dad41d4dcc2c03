export type { BinaryForm, GeneratedMessages, GeneratedSchema } from '../generated-schema.js';
export { generated, generatedMessages } from './generated-messages.js';
