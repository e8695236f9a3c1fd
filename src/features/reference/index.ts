export type { Operation, Parameter } from './describe-route.ts';
export { exampleOf } from './examples.ts';
export type { JsonSchema } from './json-schema.ts';
export { type ApiDescription, type DescribedApi, describeApi, openApiDocument } from './openapi-document.ts';
export { referenceRoutes } from './reference.routes.ts';
export { internalCodes, unroutedCodes } from './route-errors.ts';
export { type Field, fieldsOf } from './schema-fields.ts';
