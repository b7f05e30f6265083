declare module 'cluster-key-slot' {
  /** The slot, 0 to 16,383, that a cluster has for the key: by its hash tag, the text in the first braces, if it has one. */
  export default function calculateSlot(key: string): number;
}
