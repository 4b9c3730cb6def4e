// `node --import ./scripts/load-typescript.js FILE.ts`: runs TypeScript without a build on every supported Node.js,
// and resolves imports of `fastify-jwt-refresh` to the sources instead of dist/.

import module from 'node:module'

// Node.js 20 has only `register`, which Node.js 26 deprecates. The hooks are synchronous, so they work with both.
const { registerHooks } = /** @type {{ registerHooks?: (hooks: object) => void }} */ (module)
if (registerHooks === undefined) module.register('./typescript-hooks.js', import.meta.url)
else registerHooks(await import('./typescript-hooks.js'))
