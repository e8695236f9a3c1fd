import { choice, type Settings } from '#platform/process/setting.ts';

export const coordinationSettings = {
  backend: choice({
    env: 'SAFE_COORDINATION_BACKEND',
    doc: 'What several nodes share hints through.',
    default: 'none',
    of: ['none'],
  }),
} satisfies Settings;
