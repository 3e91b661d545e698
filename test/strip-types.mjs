import { stripTypeScriptTypes } from 'node:module';

/** Jest's transformer: Node's own type stripping keeps lines and columns, so that no source map is needed. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
};
