export { Cluster, type ClusterOptions } from './cluster.js';
export { FakeClock } from './fake-clock.js';
export { type MockHandlers, type MockService, mockService } from './mock-service.js';
export { createTestApp, type TestAppOptions } from './test-app.js';
