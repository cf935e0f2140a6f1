//! The encrypted SQLite database: everything durable is here.
//!
//! This module does *not* know what a good answer is, what an index looks like, who may do what, or what time it is.
//! Queries are functions over a connection, one file per aggregate, so that several of them compose in one transaction;
//! time is always an argument (Unix milliseconds).
//!
//! Invariants:
//! - One writer and a pool of readers that cannot write ([`Store::write`], [`Store::read`]). What `write` returned is
//!   on the disk (`synchronous=FULL`) before the caller learns of it.
//! - Every customer row belongs to a workspace. Functions that change or delete a row take a [`Scoped`] entity, which
//!   only a finder that was given the workspace can make.
//! - Secrets that only need to be recognised (session, setup and API tokens, recovery codes) are stored as hashes.
//! - The file is always encrypted with a raw key derived from the [`MasterKey`]. Nothing reaches the disk in plain
//!   text, not even in the write-ahead log or in temporary tables.
//!
//! Reading order: `connection`, `pool` and `key` (how the file is opened), `migrate` and `migrations/` (its schema), `rows` (how an
//! entity names its columns), `scoped`, then the file of an aggregate. What each table holds, exports and erases is in `kept`,
//! whose rows are which workspace's in `holdings`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as store;
use frontdesk_reason as reason;

mod connection;
mod error;
mod ids;
mod kept_files;
mod migrate;
mod pool;
mod reserve;
mod roll_back;
mod rows;
mod scoped;
mod values;

pub mod analyses;
pub mod analytics;
pub mod api_answers;
pub mod api_keys;
pub mod api_threads;
pub mod assistants;
pub mod audit;
pub mod billing;
pub mod call_log;
pub mod calls;
pub mod casework;
pub mod changes;
pub mod chunks;
pub mod client_secrets;
pub mod closures;
pub mod contacts;
pub mod conversations;
pub mod crm;
pub mod documents;
pub mod due;
pub mod egress;
pub mod erasure;
pub mod evals;
pub mod events;
pub mod facts;
pub mod faqs;
pub mod gaps;
pub mod gate;
pub mod golden;
pub mod handover;
pub mod holdings;
pub mod identities;
pub mod inbox;
pub mod invitations;
pub mod jobs;
pub mod kept;
pub mod key;
pub mod listing;
pub mod lock;
pub mod mail;
pub mod members;
pub mod messages;
pub mod notices;
pub mod passkeys;
pub mod password;
pub mod progress;
pub mod pronunciations;
pub mod providers;
pub mod quota;
pub mod ratings;
pub mod receipts;
pub mod recordings;
pub mod satisfaction;
pub mod second_factors;
pub mod seen;
pub mod sessions;
pub mod settings;
pub mod setup_tokens;
pub mod sign_ins;
pub mod sign_on;
pub mod site_keys;
pub mod snapshot;
pub mod source_pages;
pub mod sources;
pub mod storage;
pub mod tags;
pub mod tasks;
pub mod token;
pub mod tombstones;
pub mod tools;
pub mod users;
pub mod versions;
pub mod visitors;
pub mod webhooks;
pub mod workflow_runs;
pub mod workflows;
pub mod workspaces;

pub use error::StoreError;
pub use ids::{
    AnalysisId, ApiKeyId, AssistantId, AttachmentId, CallId, CannedReplyId, ChunkId, ConsentId,
    ContactId, ConversationId, CrmAccountId, CrmJobId, DeliveryId, DocumentId, EvalRunId, EventId,
    FactId, FaqId, GoldenId, InvitationId, JobId, MailId, MessageId, NoteId, PasskeyId, PlanId,
    ProposalId, ProviderId, ReceiptId, SeenLineId, SignOnId, SourceId, TaskId, TeamId, ToolCallId,
    ToolId, UserId, VersionId, VisitorId, WebhookId, WorkflowRunId, WorkspaceId,
};
pub use key::{KeyError, KeyStrength, MasterKey};
pub use lock::{DataLock, Holder};
pub use pool::Store;
pub use rusqlite::{Connection, Transaction};
pub use scoped::Scoped;
pub use values::UnixMs;

#[cfg(test)]
mod conversations_tests;
#[cfg(test)]
mod documents_tests;
#[cfg(test)]
mod faqs_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod jobs_tests;
#[cfg(test)]
mod migrate_tests;
#[cfg(test)]
mod people_tests;
#[cfg(test)]
mod pool_tests;
#[cfg(test)]
mod second_factors_tests;
#[cfg(test)]
mod seen_tests;
