import { Command } from 'commander';
import { type CredentialFlags, readCredentials } from '#recorder/credentials.ts';
import { batteryPercent } from '#recorder/delivery/check-ins.ts';
import { poorNetwork } from '#recorder/network/poor-network.ts';
import { numberIn, poorNetworkOf, type RecordFlags, sourceSpecOf, wholeIn } from '#recorder/record-flags.ts';
import { RecorderError } from '#recorder/recorder-error.ts';
import { isCapture, usernameIn } from '#recorder/staging/state-file.ts';
import { recordCapture } from './record/record-capture.ts';
import { recordStream } from './record/record-stream.ts';
import { describeFailure } from './recorder-failure.ts';

const examples = `
Examples:
  Ten seconds of test picture, a link for a contact, and everything closed afterwards:
    PROOFLINE_PASSWORD=... proofline record --test-pattern --duration 10s --username ada --link --close
  A camera and a microphone on Linux, until Ctrl-C:
    proofline record --input /dev/video0 --input-format v4l2 --username ada --password-file pw
  A file that exists already, byte for byte:
    proofline record --files interview.mp4 --username ada --password-file pw
  Seen at once over a thin line, in full quality later, with the places a GPS tells:
    gpspipe -w | proofline record --input /dev/video0 --input-format v4l2 --variants --context - --username ada --password-file pw
  Without any network; deliver later:
    proofline record --input /dev/video0 --input-format v4l2 --stage-only --state ./walk
    proofline record --resume ./walk --server https://evidence.example --username ada --password-file pw
  How it fares outdoors: 32 KiB/s, every fifth request fails, no network between 10 and 25 seconds:
    proofline record --test-pattern --duration 1m --username ada --net-rate 32KiB --net-fail 20% --net-offline 10s-25s

Everything recorded is encrypted on this machine before it is written anywhere. The key file is made on the first run and
stays here: whoever has it can play the recording, and without it nobody can. Ctrl-C ends the recording and delivers what
there is; a second Ctrl-C stops at once, and --resume goes on later. The same holds after a crash or a power cut.

With --variants the preview goes first, then the sound, the places and, when nothing else waits, full quality. Over a line too thin for
the preview, the sound of now goes before everything else. What is acknowledged is removed here. Where room ends, full quality goes first, of
moments that the server has, then of those that wait here as a preview; a moment never loses its only evidence. A line of --context belongs
to the moment of its "at", "time" or "timestamp", else to when it was read. It leaves this machine encrypted, and is written nowhere else.

Exit codes: 0 done; 1 the server refused, or the stream failed; 2 wrong options; 66 no such file; 69 ffmpeg is missing;
75 stopped before everything was delivered, go on with --resume.`;

export function recordCommand(): Command {
  const command = new Command('record')
    .description('Records, encrypts on this machine, and delivers to a server while it still records.')
    .optionsGroup('What to record (one of them):')
    .option('--test-pattern', 'a moving test picture and a tone, by ffmpeg')
    .option('--input <name>', 'what ffmpeg can open: a file, a URL, or a device with --input-format')
    .option('--input-format <format>', "ffmpeg's name for the kind of device: v4l2, pulse, avfoundation, dshow, ...")
    .option('--screen [display]', 'an X display, by ffmpeg')
    .option('--files <paths...>', 'files that exist, in this order, byte for byte')
    .option('--watch <folder>', 'a folder that another program writes segments into')
    .option('--generate <count>x<size>', 'made-up bytes, such as 20x64KiB')
    .optionsGroup('How:')
    .option(
      '--variants',
      'several streams of one source: a small preview and the sound at once, full quality behind them',
    )
    .option(
      '--context <file>',
      'with --variants: JSON lines, such as places, sealed with each moment; - reads standard input',
    )
    .option('--media-type <type>', 'audio, video, location or metadata', 'video')
    .option('--segment <duration>', 'length of a chunk captured by ffmpeg', '4s')
    .option('--duration <duration>', 'end an ffmpeg capture after this time')
    .option('--fast', 'test pattern: as fast as the machine can, not in real time')
    .option('--transcode', "input: encode anew instead of keeping the input's encoding")
    .option('--chunk-bytes <size>', 'files and folders: largest chunk', '4MiB')
    .option('--idle <duration>', 'folder: ended after this time without a change (default: 10s)')
    .option('--every <duration>', 'generated: time between two chunks (default: 1s)')
    .option('--ffmpeg <program>', 'ffmpeg to run', 'ffmpeg')
    .optionsGroup('Server:')
    .option('--server <url>', 'address (or PROOFLINE_SERVER) (default: http://127.0.0.1:8080)')
    .option('--username <name>', 'who signs in (or PROOFLINE_USERNAME)')
    .option('--password-file <file>', 'file with the password (or PROOFLINE_PASSWORD)')
    .option('--token-file <file>', 'file with a session token, instead of signing in')
    .option('--incident <id>', 'add to this incident instead of opening one')
    .option('--stream <id>', 'fill this empty stream instead of opening one')
    .option('--label <text>', 'name of the recording, shown to whoever may see it')
    .option('--relay', "send chunks through the server's regional relay, and straight to the server while that is away")
    .option('--in-flight <count>', 'uploads at the same time', '3')
    .option('--live-link', 'with --relay: at the beginning make a link by which a contact reads along, and print it')
    .option('--link', 'make a link for a contact at the end, and print it')
    .option('--close', 'close the incident at the end')
    .option('--complete-partial', 'complete the stream also when the capture broke off')
    .optionsGroup('On this machine:')
    .option('--state <folder>', 'where the recording is kept until delivered (default: in ~/.local/state/proofline)')
    .option('--resume <folder>', 'go on with the recording in this state folder')
    .option('--no-capture', 'with --resume: deliver what is there and record no more')
    .option('--max-staging <size>', 'with --variants: so much may wait there (default: all but 64 MiB of the disk)')
    .option('--stage-only', 'record into the state folder and touch no network')
    .option('--key-file <file>', 'use this key, or make it there (default: key.json in the state folder)')
    .option('--json', 'print one JSON object for each event')
    .optionsGroup('Check-ins:')
    .option('--checkin <interval>', 'send one at this interval, such as 60s')
    .option('--battery <percent>', 'charge to report; auto reads it from the machine', 'auto')
    .option('--network-name <name>', 'network to report, such as wifi')
    .option('--latitude <degrees>')
    .option('--longitude <degrees>')
    .option('--accuracy <metres>')
    .optionsGroup('A bad network, to try out what happens:')
    .option('--net-latency <duration>', 'delay of each request')
    .option('--net-jitter <duration>', 'up to this much more, at random')
    .option('--net-timeout <duration>', 'cut each request after this time')
    .option('--net-rate <size>', 'bytes per second of all uploads together')
    .option('--net-offline <from-to...>', 'no network in this time since the start; may be repeated')
    .option('--net-fail <share>', 'share of requests that fail before, during or after sending, such as 20%')
    .option('--net-seed <number>', 'the same number fails the same requests')
    .addHelpText('after', examples);
  return command.action(async () => {
    // The names and kinds of RecordFlags are those of the options above.
    const flags = command.opts<RecordFlags>();
    try {
      process.exitCode = await record(flags);
    } catch (error) {
      process.exitCode = describeFailure('record', error, flags.json === true);
    }
  });
}

async function record(flags: RecordFlags): Promise<number> {
  const poor = poorNetworkOf(flags);
  const way = {
    flags,
    network: poor === undefined ? undefined : poorNetwork(poor),
    inFlight: wholeIn('--in-flight', flags.inFlight, 1, 32),
    checkinFacts: checkinFactsOf(flags),
  };
  if (flags.liveLink === true && (flags.relay !== true || flags.stageOnly === true))
    throw new RecorderError('usage', '--live-link goes with --relay: whoever reads along does so there.');
  if (flags.resume === undefined) sourceSpecOf(flags);
  const variants = flags.resume === undefined ? flags.variants === true : await isCapture(flags.resume);
  if (!variants && (flags.variants === true || flags.context !== undefined || flags.maxStaging !== undefined))
    throw new RecorderError(
      'usage',
      '--context and --max-staging go with --variants, which is chosen when a recording begins.',
    );
  // Asked for before anything is captured: nobody wants to learn of a missing password afterwards.
  const credentials =
    flags.stageOnly === true ? undefined : await readCredentials(await withKnownUsername(flags), process.env);
  return await (variants ? recordCapture : recordStream)({ ...way, credentials });
}

/** A recording that goes on does so under the name it began with. */
async function withKnownUsername(flags: RecordFlags): Promise<CredentialFlags> {
  if (flags.resume === undefined || flags.username !== undefined) return flags;
  return { ...flags, username: await usernameIn(flags.resume) };
}

function checkinFactsOf(flags: RecordFlags) {
  const fixed = {
    ...(flags.networkName === undefined ? {} : { device_network: flags.networkName }),
    ...(flags.latitude === undefined ? {} : { latitude: numberIn('--latitude', flags.latitude, -90, 90) }),
    ...(flags.longitude === undefined ? {} : { longitude: numberIn('--longitude', flags.longitude, -180, 180) }),
    ...(flags.accuracy === undefined ? {} : { accuracy_meters: numberIn('--accuracy', flags.accuracy, 0, 1e7) }),
  };
  const percent =
    flags.battery === undefined || flags.battery === 'auto' ? undefined : wholeIn('--battery', flags.battery, 0, 100);
  return async () => {
    const battery = percent ?? (await batteryPercent());
    return { ...fixed, ...(battery === undefined ? {} : { device_battery_percent: battery }) };
  };
}
