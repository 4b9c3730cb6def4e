import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

export default [
  { ignores: ['**/dist/', 'docs/api/', '.tap/', '.stryker-tmp/'] },
  ...neostandard({ ts: true }),
  {
    files: ['**/*.ts'],
    // Programs of their own, each with a host of its own: neostandard is enough for them.
    ignores: ['**/*.tst.ts', 'test/fixtures/consumers/**', 'consumers/*/**', 'examples/nestjs/**'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }]
    }
  },
  {
    // tap awaits its subtests itself, and a test may say `!` where a missing value should fail it.
    files: ['test/**/*.ts'],
    ignores: ['test/fixtures/consumers/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-floating-promises': ['error', {
        allowForKnownSafePromises: [{ from: 'package', name: 'PromiseWithSubtest', package: '@tapjs/core' }]
      }],
      '@typescript-eslint/no-non-null-assertion': 'off'
    }
  }
]
