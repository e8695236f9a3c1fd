import type { AppLog } from '#http/app.ts';

export interface WorkerLog extends AppLog {
  info(fields: object, message: string): void;
}

/** One line of JSON each, on the console: a Worker has no other output. Errors by class, code and stack. */
export function workerLog(): WorkerLog {
  const line = (level: string) => (fields: object, message: string) => {
    const said = Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? described(value) : value,
    ]);
    const text = JSON.stringify({ level, time: new Date().toISOString(), ...Object.fromEntries(said), msg: message });
    // biome-ignore lint/suspicious/noConsole: there is nothing else to write to
    console.log(text);
  };
  return { info: line('info'), warn: line('warn'), error: line('error') };
}

function described({ cause, message, name, stack }: Error): object {
  return { type: name, message, stack, ...(cause instanceof Error ? { cause: described(cause) } : {}) };
}
