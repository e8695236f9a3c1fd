import { auditEntry } from '#features/audit/index.ts';
import * as groups from '#features/documents/groups/groups.store.ts';
import * as folderListing from '#features/documents/links/folder-listing.ts';
import * as links from '#features/documents/links/links.store.ts';
import * as grants from '#features/documents/shares/grants.ts';
import * as sharedWith from '#features/documents/shares/shared-with.store.ts';
import * as shares from '#features/documents/shares/shares.store.ts';
import { hash, rows } from '#platform/metadata/contract/rows.ts';

/** What query-plans.test.ts calls the stores of sharing with, and runs their transactions on. */
const at = '2026-01-02T03:04:05.678Z';
const asking = { accountId: 'acct_2', at };
const audit = auditEntry({ actor: 'server', action: 'x', subjectType: 'share' });
const share = rows.share({ folder_id: 'fld_1', document_id: null }).values;
const folder = rows.folder().values;

export const sharingStores = { folderListing, grants, groups, links, sharedWith, shares };
export const notQueriesOfSharing = ['isLive', 'sharedWith', 'foldersAbove', 'endOf', 'isUsedUp'];

export const sharingReads: Record<string, Record<string, unknown[][]>> = {
  folderListing: {
    listFolder: [
      [folder, undefined],
      [folder, 'd:a'],
    ],
  },
  grants: {
    documentWithRank: [[{ ...asking, id: 'doc_1' }]],
    folderWithRank: [[{ ...asking, id: 'fld_1' }]],
    visibleDocuments: [[asking, ['doc_1', 'doc_2']]],
    visibleFolders: [[asking, ['fld_1', 'fld_2']]],
    holdFoldersAbove: [['fld_1']],
    holdShares: [[asking, { documentId: 'doc_1', folderIds: ['fld_1', 'fld_2'] }]],
  },
  groups: {
    groupById: [['grp_1']],
    listGroups: [[10], [10, 'grp_0']],
    groupsOf: [
      ['acct_1', 10],
      ['acct_1', 10, 'grp_0'],
    ],
    membersOf: [
      ['grp_1', 10],
      ['grp_1', 10, 'acct_0'],
    ],
    membershipHeld: [['grp_1', 'acct_1']],
    holdMemberships: [['acct_1']],
  },
  links: {
    linkNamed: [['no such token']],
    linkedDocument: [
      [share, 'doc_1'],
      [{ ...share, folder_id: null, document_id: 'doc_1' }, 'doc_1'],
    ],
    linkedFolder: [[share, 'fld_1']],
    foldersBetween: [[share, { ...folder, id: 'fld_2', parent_id: 'fld_1' }]],
  },
  sharedWith: {
    sharedIds: [
      [asking, 10],
      [asking, 10, 'doc_1'],
    ],
    sharedThings: [[asking, ['doc_1', 'fld_1']]],
  },
  shares: {
    sharesOn: [
      [{ documentId: 'doc_1' }, 10],
      [{ folderId: 'fld_1' }, 10, 'shr_0'],
    ],
  },
};

const newShare = { owner_account_id: 'acct_1', created_at: at, token_hash: hash('2') };

export const sharingWrites: Record<string, { input: unknown; after?: string }[]> = {
  'groups.create': [{ input: { group: rows.group({ id: 'grp_2', name: 'b' }).values, audit } }],
  'groups.add_member': [
    {
      input: { groupId: 'grp_1', accountId: 'acct_1', at, audit },
      after: 'DELETE FROM group_members',
    },
  ],
  'groups.remove_member': [{ input: { groupId: 'grp_1', accountId: 'acct_1', at, audit } }],
  'links.count_download': [{ input: { shareId: 'shr_1', at, audit } }],
  'shares.create': [
    { input: { share: { ...share, ...newShare, id: 'shr_2', group_id: null }, audit } },
    {
      input: {
        share: { ...newShare, ...shareWithGroup(), id: 'shr_3', document_id: 'doc_1', folder_id: null },
        audit,
      },
    },
  ],
  'shares.revoke': [{ input: { shareId: 'shr_1', ownerId: 'acct_1', at, audit } }],
};

function shareWithGroup() {
  return { kind: 'group', group_id: 'grp_1', token_hash: null, access: 'view' };
}
