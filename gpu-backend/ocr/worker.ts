import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { InferenceSession, Tensor } from "onnxruntime-node";
import sharp, { type Sharp } from "sharp";
import { type Box, textBoxes } from "./boxes.ts";
import { decoded, type Line } from "./decode.ts";

export type OcrOptions = {
  detectionPath: string;
  recognitionPath: string;
  dictionaryPath: string;
  threads: number;
};
export type FromOcr = { kind: "ready" } | { kind: "lines"; lines: Line[] } | { kind: "unreadable" };

/** A photograph of 24 megapixels; what claims more is not decoded. */
const PIXELS_MAX = 24_000_000;
/** The detector looks at no more, in steps of 32 (PP-OCR: det_limit_side_len). */
const SIDE_MAX = 960;
const SIDE_STEP = 32;
const BOXES_MAX = 500;
/** Height of the lines that the recogniser was trained on, and how long a line may be. */
const LINE_HEIGHT = 48;
const LINE_WIDTH_MAX = 3_200;
/** Means and deviations of the colours it was trained on (ImageNet's), blue first as OpenCV has them. */
const DETECTION = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const RECOGNITION = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };

async function work(options: OcrOptions): Promise<void> {
  const sessionOptions = { intraOpNumThreads: options.threads, logSeverityLevel: 3 as const };
  const [detector, recogniser, keys] = await Promise.all([
    InferenceSession.create(options.detectionPath, sessionOptions),
    InferenceSession.create(options.recognitionPath, sessionOptions),
    readFile(options.dictionaryPath, "utf8"),
  ]);
  // The last class is the space (use_space_char), which the list does not name.
  const classes = [...keys.replace(/\n$/, "").split(/\r?\n/), " "];

  async function read(bytes: Uint8Array): Promise<Line[] | undefined> {
    const image = await opened(bytes);
    if (image === undefined) return undefined;
    const lines: Line[] = [];
    for (const box of await boxesOf(detector, image)) {
      const line = await lineOf(recogniser, image, box, classes);
      if (line.text !== "") lines.push(line);
    }
    return lines;
  }

  const send = (message: FromOcr) => parentPort?.postMessage(message);
  parentPort?.on("message", (bytes: Uint8Array) => {
    void read(bytes).then((lines) =>
      send(lines === undefined ? { kind: "unreadable" } : { kind: "lines", lines }),
    );
  });
  send({ kind: "ready" });
}

type Picture = { data: Buffer; width: number; height: number };

/** Upright and on white, three bytes a pixel; undefined where it cannot be decoded. */
async function opened(bytes: Uint8Array): Promise<Picture | undefined> {
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: PIXELS_MAX, failOn: "error" })
      .autoOrient()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    return info.channels === 3 ? { data, width: info.width, height: info.height } : undefined;
  } catch {
    return undefined;
  }
}

const again = ({ data, width, height }: Picture): Sharp =>
  sharp(data, { raw: { width, height, channels: 3 } });

async function boxesOf(detector: InferenceSession, image: Picture): Promise<Box[]> {
  const scale = Math.min(1, SIDE_MAX / Math.max(image.width, image.height));
  const side = (length: number) =>
    Math.max(SIDE_STEP, Math.round((length * scale) / SIDE_STEP) * SIDE_STEP);
  const [width, height] = [side(image.width), side(image.height)];
  const resized = await again(image).resize(width, height, { fit: "fill" }).raw().toBuffer();
  const input = new Tensor("float32", planes(resized, DETECTION), [1, 3, height, width]);
  const values = await onlyOutput(detector, input);
  const [x, y] = [image.width / width, image.height / height];
  return textBoxes({ width, height, values }, BOXES_MAX).map((box) => ({
    left: Math.floor(box.left * x),
    top: Math.floor(box.top * y),
    width: Math.max(1, Math.min(image.width, Math.floor(box.width * x))),
    height: Math.max(1, Math.min(image.height, Math.floor(box.height * y))),
  }));
}

async function lineOf(
  recogniser: InferenceSession,
  image: Picture,
  box: Box,
  classes: readonly string[],
): Promise<Line> {
  const cut = await again(image).extract(box).raw().toBuffer();
  const { width: w, height: h } = box;
  const width = Math.min(LINE_WIDTH_MAX, Math.max(16, Math.round((w / h) * LINE_HEIGHT)));
  const resized = await again({ data: cut, width: w, height: h })
    .resize(width, LINE_HEIGHT, { fit: "fill" })
    .raw()
    .toBuffer();
  const input = new Tensor("float32", planes(resized, RECOGNITION), [1, 3, LINE_HEIGHT, width]);
  return decoded(await onlyOutput(recogniser, input), classes);
}

async function onlyOutput(session: InferenceSession, x: Tensor): Promise<Float32Array> {
  const output = await session.run({ x });
  const data = output[session.outputNames[0] ?? ""]?.data;
  if (!(data instanceof Float32Array)) throw new Error("the model did not answer with numbers");
  return data;
}

/** Blue, green and red apart, each from 0 to 1 and then as the model was trained. */
function planes(rgb: Buffer, { mean, deviation }: typeof DETECTION): Float32Array {
  const pixels = rgb.length / 3;
  const values = new Float32Array(rgb.length);
  for (let channel = 0; channel < 3; channel += 1) {
    const [less, per] = [mean[channel] ?? 0, deviation[channel] ?? 1];
    for (let pixel = 0; pixel < pixels; pixel += 1)
      values[channel * pixels + pixel] = ((rgb[pixel * 3 + 2 - channel] ?? 0) / 255 - less) / per;
  }
  return values;
}

await work(workerData as OcrOptions);
