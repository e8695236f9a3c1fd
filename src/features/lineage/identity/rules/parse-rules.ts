import { z } from 'zod';
import { StartupError } from '#platform/process/startup-error.ts';
import { scanJsonObject } from '../../record/scan-json.ts';
import { actions } from '../identity.ts';
import { pinsOwner, publicGithub } from './github-pin.ts';
import { type NameTemplate, parseNameTemplate } from './name-template.ts';
import type { ClaimPatterns, Rule } from './rule.ts';

const text = z.string('must be text');
const template = text.transform(templateIn);
/** `*`, alone: every organization there is. */
const organization = text.transform((given, context) => (given === '*' ? undefined : templateIn(given, context)));
const pattern = z.string().min(1).max(400);
const patterns = z.union([pattern.transform((one) => [one]), z.array(pattern).min(1)]);

const ruleShape = z.strictObject({
  issuer: text.optional(),
  match: z.unknown().transform(matchIn),
  organization,
  project: template.optional(),
  service: template.optional(),
  actions: z
    .array(z.enum(actions, { error: `must be one of ${actions.join(', ')}` }), 'must be a list')
    .min(1, 'must have at least one action'),
});

const remedy =
  'Correct STRICTURE_SERVER_RULES or the file that STRICTURE_SERVER_RULES_FILE names. See lineage-identity.md.';

/** For the issuers that are trusted. Throws StartupError naming the rule, counted from 1, and the field. */
export function parseRules(text: string, issuers: readonly string[]): Rule[] {
  const list = parseList(text);
  if (list.length === 0) throw new StartupError('The list of rules is empty, so nobody may do anything.', remedy);
  return list.map((item, index) => parseRule(item, index + 1, issuers));
}

function parseRule(item: unknown, number: number, issuers: readonly string[]): Rule {
  const wrong = (what: string) => new StartupError(`Rule ${number}, ${what}.`, remedy);
  const { data, error } = ruleShape.safeParse(item);
  if (error !== undefined) throw wrong(firstIssue(error));
  const { issuer, match, project, service } = data;
  const rule: Rule = {
    ...(issuer === undefined ? {} : { issuer }),
    match,
    ...(data.organization === undefined ? {} : { organization: data.organization }),
    ...(project === undefined ? {} : { project }),
    ...(service === undefined ? {} : { service }),
    actions: data.actions,
  };
  if (issuer === undefined && issuers.length > 1)
    throw wrong('issuer: must be set, as more than one issuer is trusted and the same claim may mean different things');
  if (issuer !== undefined && !issuers.includes(issuer))
    throw wrong('issuer: must be exactly the address of an issuer that is configured');
  if ((issuer ?? issuers[0]) === publicGithub && !pinsOwner(rule))
    throw wrong(
      'match: must say whose workflows are meant (repository, repository_owner, repository_owner_id, repository_id, enterprise or sub, with a fixed owner), as everybody at GitHub gets tokens of this issuer',
    );
  return rule;
}

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'is not valid';
  if (issue.code === 'unrecognized_keys') return `${issue.keys[0] ?? ''}: is no field of a rule`;
  const [field, ...below] = issue.path.map(String);
  return `${[field ?? 'the whole of it', ...below].join('.')}: ${issue.message}`;
}

/** Without a record of zod's making, in which some names of claims would not stay what they are. */
function matchIn(given: unknown, context: z.RefinementCtx): ClaimPatterns[] {
  const wrong = (message: string, path: string[] = []) => {
    context.issues.push({ code: 'custom', message, path, input: undefined });
    return z.NEVER;
  };
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return wrong('must be an object of claims and their patterns');
  const match: ClaimPatterns[] = [];
  for (const [claim, value] of Object.entries(given)) {
    const found = patterns.safeParse(value);
    if (!found.success) return wrong('must be a pattern or a list of patterns, each of 1 to 400 characters', [claim]);
    match.push({ claim, patterns: found.data });
  }
  return match.length > 0 ? match : wrong('must name at least one claim, as without any it gives access to everybody');
}

function templateIn(given: string, context: z.RefinementCtx): NameTemplate {
  const parsed = parseNameTemplate(given);
  if (parsed !== undefined) return parsed;
  context.addIssue(
    'must be a name of at most 64 letters, digits and hyphens, and may have one claim in it, in braces after a dollar sign',
  );
  return z.NEVER;
}

/** Read as strictly as a record is: of a key that stands twice in a rule, one would win in silence. */
function parseList(text: string): unknown[] {
  try {
    const { members } = scanJsonObject(new TextEncoder().encode(`{"rules":${text}}`));
    const value: unknown = JSON.parse(members.size === 1 ? (members.get('rules') ?? '') : '');
    if (Array.isArray(value)) return value;
  } catch (cause) {
    throw new StartupError('The rules are not JSON, or a key stands twice in one of them.', remedy, { cause });
  }
  throw new StartupError('The rules must be a JSON list.', remedy);
}
