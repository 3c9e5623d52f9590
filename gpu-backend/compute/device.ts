/** A device with what this package needs of it; every buffer made in a `scope` is gone when that ends. */
export type Device = Awaited<ReturnType<typeof openDevice>> & object;

type Module = { create(options: string[]): GPU; globals: object };

/** Dawn crashes when the object that everything else came from is collected. */
const kept: GPU[] = [];

const WANTED = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;

/**
 * The fastest adapter of this machine, or nothing where there is none or `webgpu` does not load. One that computes on the
 * CPU is worse than threads are, and only taken where it was asked for.
 */
export async function openDevice({ alsoSoftware }: { alsoSoftware: boolean }) {
  const gpu = await load();
  const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter || (isSoftware(adapter) && !alsoSoftware)) return undefined;
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(WANTED.map((name) => [name, adapter.limits[name]])),
  });
  let lost: string | undefined;
  void device.lost.then(({ message, reason }) => (lost = `${reason}: ${message}`));
  return {
    name: nameOf(adapter.info),
    device,
    limits: device.limits,
    lost: () => lost,
    pipeline: (code: string) =>
      device.createComputePipelineAsync({
        layout: "auto",
        compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
      }),
    scope: <T>(work: (buffers: Buffers) => Promise<T>) => scope(device, work),
    close: () => device.destroy(),
  };
}

async function load(): Promise<GPU | undefined> {
  try {
    const { create, globals } = (await import("webgpu")) as Module;
    Object.assign(globalThis, globals);
    const gpu = create([]);
    kept.push(gpu);
    return gpu;
  } catch {
    return undefined; // no build for this machine, or none of the libraries it wants
  }
}

const isSoftware = ({ info }: GPUAdapter) =>
  info.isFallbackAdapter || /swiftshader|llvmpipe|software/i.test(info.description);

const nameOf = ({ description, vendor, architecture }: GPUAdapterInfo) =>
  (description || `${vendor} ${architecture}`).slice(0, 100);

export type Buffers = ReturnType<typeof buffersOf>;

/** Everything that goes wrong in it is thrown: what the device reports and what memory it does not have. */
async function scope<T>(device: GPUDevice, work: (buffers: Buffers) => Promise<T>): Promise<T> {
  const buffers = buffersOf(device);
  try {
    return await work(buffers);
  } finally {
    buffers.destroy();
  }
}

/** So much is written at a time, with a turn for everything else between. */
const WRITE_BYTES = 16_777_216;

function buffersOf(device: GPUDevice) {
  const made: GPUBuffer[] = [];
  const make = async (size: number, usage: number) => {
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const buffer = device.createBuffer({ size: Math.max(16, Math.ceil(size / 4) * 4), usage });
    made.push(buffer);
    const wrong = (await device.popErrorScope()) ?? (await device.popErrorScope());
    if (wrong) throw new Error(`the adapter has no buffer of ${size} bytes: ${wrong.message}`);
    return buffer;
  };
  return {
    storage: (bytes: number) =>
      make(bytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC),
    uniform: (bytes: number) => make(bytes, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST),
    staging: (bytes: number) => make(bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST),

    /** Rows of `dimensions` numbers, each padded with zeros to whole vec4s. */
    async writeRows(buffer: GPUBuffer, values: Float32Array, dimensions: number) {
      const padded = Math.ceil(dimensions / 4) * 4;
      const rows = values.length / dimensions;
      const step = Math.max(1, Math.floor(WRITE_BYTES / (padded * 4)));
      for (let from = 0; from < rows; from += step) {
        const count = Math.min(step, rows - from);
        const some = new Float32Array(count * padded);
        for (let row = 0; row < count; row += 1) {
          const first = (from + row) * dimensions;
          some.set(values.subarray(first, first + dimensions), row * padded);
        }
        device.queue.writeBuffer(buffer, from * padded * 4, some);
        await new Promise((turn) => setImmediate(turn));
      }
    },

    /** What the first bytes of a buffer hold, by way of `staging`. */
    async read(buffer: GPUBuffer, staging: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ, 0, bytes);
      const copy = staging.getMappedRange(0, bytes).slice(0);
      staging.unmap();
      return copy;
    },

    destroy: () => {
      for (const buffer of made) buffer.destroy();
    },
  };
}
