export { loginAs } from './login-as.ts'
export type { LoginAsOptions, TestLogin } from './login-as.ts'
export { testStore, type TestFunction, type TestStoreOptions } from './test-store.ts'
