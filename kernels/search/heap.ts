// A heap of scores and slots, eight bytes each, the lowest score first.

export function siftUp(heap: usize, at: u32, score: f32, slot: u32): void {
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap + (<usize>parent << 3);
    if (load<f32>(above) <= score) break;
    store<u64>(heap + (<usize>at << 3), load<u64>(above));
    at = parent;
  }
  store<f32>(heap + (<usize>at << 3), score);
  store<u32>(heap + (<usize>at << 3), slot, 4);
}

export function siftDown(heap: usize, size: u32, score: f32, slot: u32): void {
  let at: u32 = 0;
  for (;;) {
    let child = (at << 1) + 1;
    if (child >= size) break;
    if (child + 1 < size && load<f32>(heap + (<usize>(child + 1) << 3)) < load<f32>(heap + (<usize>child << 3))) child++;
    const below = heap + (<usize>child << 3);
    if (load<f32>(below) >= score) break;
    store<u64>(heap + (<usize>at << 3), load<u64>(below));
    at = child;
  }
  store<f32>(heap + (<usize>at << 3), score);
  store<u32>(heap + (<usize>at << 3), slot, 4);
}

/** Puts a heap of scores and slots in order, the highest first. */
export function order(heap: usize, size: u32): void {
  for (let last = size; last > 1; last--) {
    const lowest = load<u64>(heap);
    const end = heap + (<usize>(last - 1) << 3);
    const moved = load<u64>(end);
    siftDown(heap, last - 1, reinterpret<f32>(<u32>moved), <u32>(moved >> 32));
    store<u64>(end, lowest);
  }
}
