import { once } from 'node:events';
import { createServer } from 'node:http';

/** Takes every body, keeps none and says 200, with as little of its own as it can. */
const server = createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200, { etag: '"0"', 'content-length': 0 }).end());
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('no port');
process.stdout.write(`http://127.0.0.1:${address.port}\n`);
