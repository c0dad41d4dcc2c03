export { CallContext, type CallContextInit, callContext, currentCall, runInContext } from './call-context.js';
