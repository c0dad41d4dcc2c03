export { isLimitReached, jetStreamErrors } from './jetstream-errors.js';
export { type NatsDialSettings, type NatsSession, natsDial, type StatusReport, statusLog } from './nats-dial.js';
export { natsError } from './nats-error.js';
