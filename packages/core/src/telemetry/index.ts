export { type Instrument, instruments, type Telemetry, telemetryOf } from './instruments.js';
