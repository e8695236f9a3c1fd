-- A cache of the manifests of runs, one row a day, so that a row is either all of a day or nothing. Rows may be deleted at any
-- moment: they are made again from the manifests, and no answer changes.
CREATE TABLE lineage_days (
  organization TEXT NOT NULL,
  project TEXT NOT NULL,
  service TEXT NOT NULL,
  day TEXT NOT NULL,
  -- Of the manifest that was read.
  version TEXT NOT NULL,
  -- Its lines, in order of arrival.
  manifest TEXT NOT NULL,
  PRIMARY KEY (organization, project, service, day)
) STRICT;
