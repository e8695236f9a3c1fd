/**
 * A version is a whole number or a semantic version (semver.org 2.0.0). Build metadata is refused, as semver gives versions that
 * differ in it no order. A whole number stands where its `.0.0` stands, just below it: `2.0.0-rc.1` < `2` < `2.0.0` < `2.0.1`.
 */
const number = '(0|[1-9][0-9]*)';
const identifier = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)';
const pattern = new RegExp(`^${number}(?:\\.${number}\\.${number}(?:-(${identifier}(?:\\.${identifier})*))?)?$`);
const longest = 64;

interface Parts {
  /** Major, minor, patch, in digits: they may be longer than what a number holds. */
  core: readonly string[];
  prerelease: readonly string[];
  isWhole: boolean;
}

export function isVersion(text: string): boolean {
  return text.length <= longest && pattern.test(text);
}

/** One order for all; zero only for equal texts. Both must be versions. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)];
  for (const [i, digits] of one.core.entries()) {
    const order = compareDigits(digits, other.core[i] ?? '0');
    if (order !== 0) return order;
  }
  return comparePrereleases(one.prerelease, other.prerelease) || Number(other.isWhole) - Number(one.isWhole);
}

/** The highest release; where there is none yet, the highest pre-release. So nobody is moved to a pre-release who has a release. */
export function latestVersion(versions: readonly string[]): string | undefined {
  const sorted = versions.toSorted(compareVersions);
  return sorted.findLast((version) => partsOf(version).prerelease.length === 0) ?? sorted.at(-1);
}

function partsOf(version: string): Parts {
  const [, major = '0', minor, patch = '0', prerelease] = pattern.exec(version) ?? [];
  return {
    core: [major, minor ?? '0', patch],
    prerelease: prerelease?.split('.') ?? [],
    isWhole: minor === undefined,
  };
}

/** Semver 11.3 and 11.4: a release is above its pre-releases; numbers below words; the longer above what it begins with. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [i, one] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    const [isNumber, otherIsNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
    if (isNumber !== otherIsNumber) return isNumber ? -1 : 1;
    const order = isNumber ? compareDigits(one, other) : compareText(one, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Without leading zeros, the longer is the larger. */
function compareDigits(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
