// `node --import ./scripts/load-typescript.js FILE.ts`: runs TypeScript in place on every supported Node.js,
// with imports of `fastify-jwt-refresh` answered by the sources instead of dist/.

import module from 'node:module'

// Node.js 20 has only `register`, which Node.js 26 deprecates. The hooks are synchronous, so they serve for both.
const { registerHooks } = /** @type {{ registerHooks?: (hooks: object) => void }} */ (module)
if (registerHooks === undefined) module.register('./typescript-hooks.js', import.meta.url)
else registerHooks(await import('./typescript-hooks.js'))
