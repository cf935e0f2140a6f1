//! What each table stores about people: its class, retention, export and erasure. A table that is missing here fails
//! the tests, so that no new table escapes.

pub use super::kept_files::FILES;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What visitors and callers said, and what was derived from it.
    Said,
    /// What the business provided: documents, answers, settings.
    Business,
    /// People who sign in, and their credentials.
    Staff,
    /// What happened, as ids and figures without words of visitors.
    Record,
}

#[derive(Debug, Clone, Copy)]
pub struct Kept {
    pub table: &'static str,
    pub class: Class,
    /// How long rows are kept.
    pub retention: &'static str,
    /// How the people concerned get a copy.
    pub export: &'static str,
    /// How rows are erased on request.
    pub erasure: &'static str,
}

pub(super) const fn kept(
    table: &'static str,
    class: Class,
    retention: &'static str,
    export: &'static str,
    erasure: &'static str,
) -> Kept {
    Kept {
        table,
        class,
        retention,
        export,
        erasure,
    }
}

// What people said is hidden when its time is over, and deleted seven days later (`store::due`). Everything else is
// deleted in one step: sessions, links, secrets, jobs, events and the ledger hold no words of theirs.
const CONVERSATION: &str = "conversation_days after the last message (180), then hidden for 7 days";
const CALL: &str = "record_days of the voice settings (90), then hidden for 7 days";
const RECORDING: &str = "recording_days (30), then hidden for 7 days";
const WITH_CONVERSATION: &str = "with its conversation (store::erasure)";
const CONTACT: &str = "conversation_days after the last change (180) without conversation and open task, then hidden for 7 days; pinned, until the owner deletes it";
const WITH_CALL: &str = "with its call (store::erasure)";
const OWNER: &str = "until the owner deletes it";
const LEDGER: &str = "400 days";
const BY_OWNER: &str = "its page, API or command";
const WORKSPACE: &str = "`admin workspace export`, page Workspaces, API";
const CLOSED: &str = "closing the workspace or the account (`app::closing`)";
const WITH_IT: &str = "with what it belongs to";
const CRM: &str = "disconnecting it: page CRM, API";
const CRM_DAYS: &str = "90 days, or with its account";

/// All tables. Rows of a workspace (`store::holdings`) are also in its export, and are erased when it is closed.
pub const TABLES: &[Kept] = &[
    kept("workspaces", Class::Business, OWNER, WORKSPACE, CLOSED),
    kept(
        "closures",
        Class::Record,
        "400 days after the erasure",
        "page Workspaces: the certificate",
        "none: an id, the short name and figures",
    ),
    kept(
        "users",
        Class::Staff,
        OWNER,
        "`admin user list`",
        "closing the account",
    ),
    kept(
        "sessions",
        Class::Staff,
        "until they expire",
        "none: hashes",
        "with its user",
    ),
    kept(
        "second_factors",
        Class::Staff,
        "until turned off or the account is suspended; not confirmed, 15 minutes",
        "none: secrets",
        "turned off, reset, or with its user",
    ),
    kept(
        "recovery_codes",
        Class::Staff,
        "until used or replaced",
        "none: hashes",
        "with its second factor",
    ),
    kept(
        "pending_sign_ins",
        Class::Staff,
        "5 minutes",
        "none: hashes",
        "automatically, or with its user",
    ),
    kept(
        "setup_tokens",
        Class::Staff,
        "until used or expired",
        "none: hashes",
        "automatically",
    ),
    kept("api_keys", Class::Staff, OWNER, WORKSPACE, CLOSED),
    kept(
        "client_secrets",
        Class::Staff,
        "until they expire",
        "none: hashes",
        "automatically",
    ),
    kept("assistants", Class::Business, OWNER, WORKSPACE, CLOSED),
    kept(
        "documents",
        Class::Business,
        OWNER,
        "originals by API",
        BY_OWNER,
    ),
    kept(
        "document_versions",
        Class::Business,
        OWNER,
        "originals by API",
        WITH_IT,
    ),
    kept("chunks", Class::Business, OWNER, "text by API", WITH_IT),
    kept(
        "sources",
        Class::Business,
        OWNER,
        "`sources list`",
        BY_OWNER,
    ),
    kept(
        "source_pages",
        Class::Business,
        OWNER,
        "`sources list`",
        WITH_IT,
    ),
    kept("faqs", Class::Business, OWNER, "`faq export`", BY_OWNER),
    kept(
        "faq_phrasings",
        Class::Business,
        OWNER,
        "`faq export`",
        WITH_IT,
    ),
    kept("facts", Class::Business, OWNER, "API", BY_OWNER),
    kept("pronunciations", Class::Business, OWNER, "API", BY_OWNER),
    kept("proposals", Class::Business, OWNER, "API", BY_OWNER),
    kept(
        "settings",
        Class::Business,
        OWNER,
        "`config`",
        "none: no people",
    ),
    kept(
        "conversations",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        "`person erase`, page Privacy, API",
    ),
    kept(
        "messages",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept(
        "receipts",
        Class::Said,
        CONVERSATION,
        "`receipts export`",
        WITH_CONVERSATION,
    ),
    kept(
        "receipt_marks",
        Class::Record,
        "as long as the workspace",
        "none: digests",
        "none: digests",
    ),
    kept(
        "ratings",
        Class::Said,
        CONVERSATION,
        "`receipts export`",
        WITH_CONVERSATION,
    ),
    kept(
        "gaps",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept(
        "golden_questions",
        Class::Said,
        OWNER,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept("eval_runs", Class::Said, OWNER, "API", WITH_CONVERSATION),
    kept(
        "visitors",
        Class::Said,
        "until they expire",
        "`person copy` of the contact, if the website vouched for them; else none: hashes",
        "with its conversation, or with its contact (store::erasure)",
    ),
    kept(
        "identity_keys",
        Class::Staff,
        "until replaced",
        "none: secrets",
        CLOSED,
    ),
    kept(
        "calls",
        Class::Said,
        CALL,
        "`person copy`",
        "`calls delete`, `person erase`",
    ),
    kept("call_lines", Class::Said, CALL, "`person copy`", WITH_CALL),
    kept("call_turns", Class::Said, CALL, "`person copy`", WITH_CALL),
    kept("call_events", Class::Said, CALL, "`person copy`", WITH_CALL),
    kept(
        "recordings",
        Class::Said,
        RECORDING,
        "`calls export`",
        WITH_CALL,
    ),
    kept(
        "recording_parts",
        Class::Said,
        RECORDING,
        "`calls export`",
        WITH_CALL,
    ),
    kept(
        "messages_fts",
        Class::Said,
        CONVERSATION,
        "none: an index of messages",
        WITH_CONVERSATION,
    ),
    kept(
        "messages_fts_data",
        Class::Said,
        CONVERSATION,
        "none: an index of messages",
        WITH_CONVERSATION,
    ),
    kept(
        "messages_fts_idx",
        Class::Said,
        CONVERSATION,
        "none: an index of messages",
        WITH_CONVERSATION,
    ),
    kept(
        "messages_fts_docsize",
        Class::Said,
        CONVERSATION,
        "none: an index of messages",
        WITH_CONVERSATION,
    ),
    kept(
        "messages_fts_config",
        Class::Record,
        "as long as the database",
        "none: settings of an index",
        "none: no people",
    ),
    kept("teams", Class::Business, OWNER, WORKSPACE, BY_OWNER),
    kept(
        "team_members",
        Class::Staff,
        "until taken out of the team",
        WORKSPACE,
        "with its user or team",
    ),
    kept(
        "conversation_tags",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept(
        "notes",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept(
        "mentions",
        Class::Staff,
        CONVERSATION,
        "none: ids",
        WITH_CONVERSATION,
    ),
    kept(
        "canned_replies",
        Class::Business,
        OWNER,
        WORKSPACE,
        BY_OWNER,
    ),
    kept(
        "conversation_reads",
        Class::Staff,
        CONVERSATION,
        "none: ids",
        WITH_CONVERSATION,
    ),
    kept(
        "attachments",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept(
        "satisfaction",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept(
        "contacts",
        Class::Said,
        CONTACT,
        "`person copy`",
        "`person erase`, page Contacts, API",
    ),
    kept(
        "contact_points",
        Class::Said,
        CONTACT,
        "`person copy`",
        "with its contact",
    ),
    kept(
        "consents",
        Class::Said,
        CONTACT,
        "`person copy`",
        "with its contact",
    ),
    kept(
        "tasks",
        Class::Said,
        "with its contact or conversation; without both, until the owner deletes it",
        "`person copy`",
        "with its contact or conversation, page Privacy",
    ),
    kept(
        "mail_settings",
        Class::Business,
        OWNER,
        WORKSPACE,
        "page E-mail, API",
    ),
    kept(
        "mail_outbox",
        Class::Said,
        "30 days after it was sent or given up",
        "`person copy`",
        "with its conversation or task",
    ),
    kept(
        "mail_replies",
        Class::Staff,
        "30 days after they expire",
        "none: hashes",
        WITH_CONVERSATION,
    ),
    kept(
        "mail_received",
        Class::Staff,
        "30 days",
        WORKSPACE,
        WITH_CONVERSATION,
    ),
    kept("webhooks", Class::Business, OWNER, WORKSPACE, BY_OWNER),
    kept(
        "webhook_deliveries",
        Class::Said,
        "30 days",
        "`person copy`",
        "with its conversation, task or contact",
    ),
    kept(
        "crm_transcripts",
        Class::Said,
        "as long as its account's copies",
        WORKSPACE,
        "page CRM, API: one lead, or the account's copies",
    ),
    kept(
        "crm_tasks",
        Class::Record,
        "as long as its account's copies",
        "none: ids",
        "page CRM, API: one lead, or the account's copies",
    ),
    kept("plans", Class::Business, OWNER, "page Plans, API", BY_OWNER),
    kept("crm_integrations", Class::Business, OWNER, WORKSPACE, CRM),
    kept("crm_accounts", Class::Business, OWNER, WORKSPACE, CRM),
    kept(
        "crm_oauth_states",
        Class::Staff,
        "20 minutes",
        "none: hashes",
        "automatically",
    ),
    kept("crm_hooks", Class::Said, CRM_DAYS, WORKSPACE, CRM),
    kept("crm_messages", Class::Said, CRM_DAYS, WORKSPACE, CRM),
    kept("crm_leads", Class::Said, OWNER, WORKSPACE, CRM),
    kept("crm_notes", Class::Record, OWNER, "none: ids", CRM),
    kept("crm_jobs", Class::Record, CRM_DAYS, "none: ids", CRM),
    kept(
        "analyses",
        Class::Said,
        "with its conversation; of one that came from elsewhere, keep_days of the analysis settings (none: as long as the workspace)",
        "`person copy`, list of analyses, API",
        "with its conversation; page Scores, API",
    ),
    kept("workspace_plans", Class::Business, OWNER, WORKSPACE, CLOSED),
    kept("quota_used", Class::Record, OWNER, WORKSPACE, CLOSED),
    kept("billing_settings", Class::Business, OWNER, "API", BY_OWNER),
    kept("entitlements", Class::Business, OWNER, WORKSPACE, CLOSED),
    kept("billing_events", Class::Record, LEDGER, WORKSPACE, CLOSED),
    kept("providers", Class::Business, OWNER, WORKSPACE, BY_OWNER),
    kept("provider_uses", Class::Business, OWNER, WORKSPACE, WITH_IT),
    kept(
        "provider_spend",
        Class::Record,
        OWNER,
        WORKSPACE,
        "none: figures",
    ),
    kept("workflows", Class::Business, OWNER, WORKSPACE, BY_OWNER),
    kept(
        "workflow_versions",
        Class::Business,
        OWNER,
        WORKSPACE,
        WITH_IT,
    ),
    kept(
        "workflow_runs",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept(
        "workflow_acts",
        Class::Said,
        CONVERSATION,
        "`person copy`",
        WITH_CONVERSATION,
    ),
    kept("seen_lines", Class::Business, OWNER, "API", WITH_IT),
    kept("seen_pages", Class::Business, OWNER, "text by API", WITH_IT),
    kept(
        "jobs",
        Class::Record,
        "30 days",
        "none: ids",
        "automatically",
    ),
    kept(
        "events",
        Class::Record,
        "400 days",
        "API",
        "none: ids and figures",
    ),
    kept(
        "egress",
        Class::Record,
        "400 days",
        "`egress`",
        "none: addresses of the business's sites and of its backups",
    ),
];

#[cfg(test)]
#[path = "kept_tests.rs"]
mod tests;
