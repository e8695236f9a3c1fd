/** Every page works without scripts, except for dropping files; these make it pleasant. */
import './navigate.js';
import './dialog.js';
import './list.js';
import './drag.js';
import './keys.js';
import './times.js';
import './copy.js';
import './live.js';
import './session.js';
import './uploads.js';

// From here on the page does what its scripts do.
document.documentElement.dataset.ready = '';
