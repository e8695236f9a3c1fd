import { connect, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

// Many readers in a thread of their own, so that whoever measures is not held up by them. They count events and look at nothing else.
const { port, path, tokens } = workerData as CrowdData; // what Crowd.open gave it

export interface CrowdData {
  port: number;
  path: string;
  tokens: string[];
}

export interface CrowdCount {
  answered: number;
  chunks: number;
  states: number;
  ended: number;
}

const count: CrowdCount = { answered: 0, chunks: 0, states: 0, ended: 0 };
const sockets: Socket[] = [];

for (const token of tokens) {
  const socket = connect({ host: '127.0.0.1', port });
  sockets.push(socket);
  let answered = false;
  let rest = '';
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    if (!answered && text.startsWith('HTTP/1.1 200')) count.answered++;
    answered = true;
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'event: chunk') count.chunks++;
      else if (line === 'event: state') count.states++;
      else if (line === 'event: end') count.ended++;
    }
  });
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer ${token}\r\n\r\n`);
}

parentPort?.on('message', (word: 'count' | 'leave') => {
  if (word === 'leave') for (const socket of sockets) socket.destroy();
  parentPort?.postMessage({ ...count });
});
