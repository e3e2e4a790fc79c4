/** Mixes two integers into an unsigned 32-bit one; the only source of chance in generated rows. */
export function mix(a: number, b: number): number {
  let h = (a ^ Math.imul(b + 0x7f4a7c15, 0x9e3779b1)) | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/** Hash of a short text (FNV-1a), unsigned 32-bit. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The pool's element that a hash falls on. */
export function pick<T>(pool: readonly T[], hash: number): T {
  return pool[hash % pool.length] as T;
}

/** True for `part` of a thousand hashes. */
export function permille(hash: number, part: number): boolean {
  return hash % 1000 < part;
}

/** Uniform number in [0, 1). */
export function unit(hash: number): number {
  return hash / 4294967296;
}

/** A seeded stream of numbers in [0, 1), for faults and for evolving the world. */
export function stream(seed: number): () => number {
  let step = 0;
  return () => {
    step += 1;
    return unit(mix(seed, step));
  };
}
