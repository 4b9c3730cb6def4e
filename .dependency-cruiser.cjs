// Which room may import which. Types count as values do.

const ROOMS = {
  types: [],
  'lib/json.ts': [],
  'lib/errors.ts': [],
  'lib/config.ts': ['types'],
  'lib/checks': ['lib/json.ts', 'lib/errors.ts'],
  'lib/tokens': ['types', 'lib/json.ts', 'lib/errors.ts', 'lib/config.ts'],
  'lib/sessions': ['types', 'lib/json.ts', 'lib/errors.ts', 'lib/config.ts', 'lib/checks', 'lib/tokens'],
  'lib/http': ['types', 'lib/json.ts', 'lib/errors.ts', 'lib/config.ts', 'lib/checks', 'lib/tokens', 'lib/sessions'],
  'lib/stores': ['types', 'lib/json.ts', 'lib/errors.ts', 'lib/checks'],
  'lib/options': ['types', 'lib/json.ts', 'lib/errors.ts', 'lib/config.ts', 'lib/checks', 'lib/tokens', 'lib/sessions', 'lib/http', 'lib/stores'],
  'lib/testing': ['types', 'lib/checks', 'lib/sessions'],
  'lib/client': []
}

const inRoom = (room) => room.endsWith('.ts') ? `^${room.replace('.', '\\.')}$` : `^${room}/`

module.exports = {
  forbidden: [
    { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(ROOMS).map(([room, allowed]) => ({
      name: `what ${room} may import`,
      severity: 'error',
      from: { path: inRoom(room) },
      to: { path: '^(index\\.ts$|lib/|types/)', pathNot: [room, ...allowed].map(inRoom) }
    })),
    {
      name: 'every file is in a room',
      severity: 'error',
      from: { path: '^(lib|types)/', pathNot: Object.keys(ROOMS).map(inRoom) },
      to: {}
    }
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.tst\\.ts$' }
  }
}
