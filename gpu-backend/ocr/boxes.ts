/** Left and top edge, and size, in pixels. */
export type Box = { left: number; top: number; width: number; height: number };

/** Of the map of a text detector: one probability a pixel, row by row. */
export type TextMap = { width: number; height: number; values: Float32Array };

// What PP-OCR's own configuration says (det_db_thresh, det_db_box_thresh, det_db_unclip_ratio).
const PIXEL_MIN = 0.3;
const BOX_MIN = 0.6;
const UNCLIP = 1.5;
const SIDE_MIN = 3;

/**
 * Upright boxes around connected pixels that are likely text, in reading order. The detector draws the middle of a line
 * of text only; how much is around it follows from the box's shape (differentiable binarisation: Liao et al. 2020).
 * Lines that are turned get a box that holds more than the line.
 */
export function textBoxes(map: TextMap, most: number): Box[] {
  const found = regions(map)
    .filter(({ box, mean }) => Math.min(box.width, box.height) >= SIDE_MIN && mean >= BOX_MIN)
    .map(({ box }) => grown(box, map));
  return inReadingOrder(found).slice(0, most);
}

function regions({ width, height, values }: TextMap): { box: Box; mean: number }[] {
  const seen = new Uint8Array(values.length);
  const found: { box: Box; mean: number }[] = [];
  const stack: number[] = [];
  const visit = (pixel: number) => {
    if (seen[pixel] === 1 || (values[pixel] ?? 0) <= PIXEL_MIN) return;
    seen[pixel] = 1;
    stack.push(pixel);
  };
  for (let start = 0; start < values.length; start += 1) {
    visit(start);
    if (stack.length === 0) continue;
    let [left, right, top, bottom, sum, count] = [width, 0, height, 0, 0, 0];
    for (let pixel = stack.pop(); pixel !== undefined; pixel = stack.pop()) {
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      sum += values[pixel] ?? 0;
      count += 1;
      if (x > 0) visit(pixel - 1);
      if (x < width - 1) visit(pixel + 1);
      if (y > 0) visit(pixel - width);
      if (y < height - 1) visit(pixel + width);
    }
    const box = { left, top, width: right - left + 1, height: bottom - top + 1 };
    found.push({ box, mean: sum / count });
  }
  return found;
}

function grown({ left, top, width, height }: Box, map: TextMap): Box {
  const by = (width * height * UNCLIP) / (2 * (width + height));
  const [x, y] = [Math.max(0, Math.floor(left - by)), Math.max(0, Math.floor(top - by))];
  const right = Math.min(map.width, Math.ceil(left + width + by));
  const bottom = Math.min(map.height, Math.ceil(top + height + by));
  return { left: x, top: y, width: right - x, height: bottom - y };
}

/** Line by line from the top, within a line from the left: a box is on a line with the one before whose middle it has. */
export function inReadingOrder(boxes: readonly Box[]): Box[] {
  const lines: Box[][] = [];
  for (const box of [...boxes].sort((a, b) => a.top - b.top || a.left - b.left)) {
    const line = lines.find(([first]) => {
      if (first === undefined) return false;
      const middle = box.top + box.height / 2;
      return middle > first.top && middle < first.top + first.height;
    });
    if (line === undefined) lines.push([box]);
    else line.push(box);
  }
  return lines.flatMap((line) => line.sort((a, b) => a.left - b.left));
}
