import { type LoadedConfig, loadConfig } from '#compose/config.ts';
import { readConfigFile } from '#compose/load-settings.ts';

/** From the environment and, where one is named, a file. Throws StartupError. */
export function configuration(options: { config?: string | undefined }): LoadedConfig {
  const path = options.config ?? process.env.SAFE_CONFIG_FILE;
  return loadConfig({
    environment: process.env,
    ...(path === undefined ? {} : { file: readConfigFile(path) }),
  });
}
