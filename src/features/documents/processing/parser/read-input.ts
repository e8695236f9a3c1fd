/** All of standard input; how much that can be is the parent's to decide. */
export async function readInput(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  // Without an encoding, a stream gives buffers.
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
