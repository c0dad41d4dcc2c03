export { Cluster, type ClusterOptions } from './cluster.js';
export { FakeClock } from './fake-clock.js';
export { Histogram } from './histogram.js';
export * from './load/index.js';
export { type MockHandlers, type MockService, mockService } from './mock-service.js';
export { NodeProcess, type NodeProcessOptions, type ProcessEnd } from './node-process.js';
export * from './proxy/index.js';
export { RecordingMeter } from './recording-meter.js';
export { createTestApp, type TestAppOptions } from './test-app.js';
