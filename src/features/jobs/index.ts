export { type JobClaim, type JobContext, JobFailure, type JobHandler } from './job-handler.ts';
export { finishJob, insertJobs, type JobRow, jobsOfDocument, type NewJob, newJob } from './jobs.store.ts';
export type { JobKind } from './jobs.tables.ts';
