const ENDS = ["\r", "\n", "\u0004"];

/** Reads a line from the terminal without showing it. Ctrl-C ends the program, as it does elsewhere. */
export async function readSecret(prompt: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(prompt);
  stdin.setRawMode(true).resume().setEncoding("utf8");
  let line = "";
  try {
    for await (const typed of stdin as AsyncIterable<string>) {
      for (const char of typed) {
        if (char === "\u0003") process.exit(130);
        if (ENDS.includes(char)) return line;
        line = char === "\u007f" || char === "\b" ? line.slice(0, -1) : line + char;
      }
    }
    return line;
  } finally {
    stdin.setRawMode(false).pause();
    stderr.write("\n");
  }
}
