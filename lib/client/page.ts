// Declared here rather than taken from the DOM library, which would also declare a `document` for the server's code.

/** The part of a page's globalThis that the client uses. Tests pass an object of this shape, with tabs and timers that they control. */
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
  /** In `pageshow`: whether the page comes from the back/forward cache. */
  readonly persisted?: boolean
}

/** Web Locks: https://w3c.github.io/web-locks/. Not available in old browsers and insecure contexts. */
export interface Locks {
  request (name: string, options: { ifAvailable?: true, signal?: AbortSignal }, fn: (lock: unknown) => unknown): Promise<unknown>
}

export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null
  postMessage (message: unknown): void
  close (): void
}
