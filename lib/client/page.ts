// Declared here rather than taken from the DOM library, which would give the server's code a `document` too.

/** What the client takes from a page: its globalThis, or something of that shape with tabs and timers that a test can move. */
export interface Page {
  readonly document: { readonly visibilityState: string, readonly baseURI: string }
  readonly navigator: { readonly locks?: Locks | undefined }
  readonly BroadcastChannel?: (new (name: string) => Channel) | undefined
  addEventListener (type: string, listener: (event: PageEvent) => void, isCaptured: true): void
  removeEventListener (type: string, listener: (event: PageEvent) => void, isCaptured: true): void
  setInterval (fn: () => void, ms: number): unknown
  clearInterval (timer: unknown): void
}

export interface PageEvent {
  readonly type: string
  /** Of `pageshow`: the page comes from the back/forward cache. */
  readonly persisted?: boolean
}

/** Web Locks: https://w3c.github.io/web-locks/. Not in old browsers, nor on pages that are not served securely. */
export interface Locks {
  request (name: string, options: { ifAvailable?: true, signal?: AbortSignal }, fn: (lock: unknown) => unknown): Promise<unknown>
}

export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage (message: unknown): void
  close (): void
}
