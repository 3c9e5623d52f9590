// Slots lie in chunks of 1,024: which one a slot is in, and where in it.

export const CHUNK_SHIFT: u32 = 10;
export const CHUNK_MASK: u32 = 1023;
