/** How many entries a Map can hold for long: V8's takes twice as many, but with more than this it can throw where they come and go. */
export const LARGEST_MAP: number = 2 ** 23
