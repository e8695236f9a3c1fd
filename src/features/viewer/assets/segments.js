import { drawTimes } from './times.js';

drawTimes(Date.now());
