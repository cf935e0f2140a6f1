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

/// A table that is made from conversations and goes with each.
const fn derived(table: &'static str, class: Class, export: &'static str) -> Kept {
    kept(table, class, CONVERSATION, export, WITH_CONVERSATION)
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
const OF_CRM: &str = "`person copy`, page CRM, `admin workspace export`, API";
const CRM_PERSON: &str = "`person erase`, page CRM, API: one lead, or the account's copies; not what lies in the CRM itself";
const WITH_COPIES: &str = "as long as its account's copies";
const API_DAYS: &str = "openai.stored_days of the settings (30) after the last use";
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
        "page Your account, page People, API, `admin user erase`; what they wrote to customers stays as of a former colleague. \
         Closing the account",
    ),
    kept(
        "sessions",
        Class::Staff,
        "until they expire",
        "none: hashes",
        "with its user",
    ),
    kept(
        "members",
        Class::Staff,
        "until taken out of the workspace",
        WORKSPACE,
        "page People, API, or with its user or workspace",
    ),
    kept(
        "invitations",
        Class::Staff,
        "30 days after they were used, revoked or ended",
        WORKSPACE,
        "automatically, or with its workspace",
    ),
    kept(
        "passkeys",
        Class::Staff,
        "until removed",
        "none: public keys",
        "page Your account, or with its user",
    ),
    kept(
        "sign_on_providers",
        Class::Business,
        OWNER,
        "API",
        "page Single sign-on, API",
    ),
    kept(
        "sign_on_links",
        Class::Staff,
        OWNER,
        "none: ids",
        "with its user or provider",
    ),
    kept(
        "audit",
        Class::Staff,
        "days of the audit settings (400)",
        "page Audit, API",
        "when it is too old, or with its workspace",
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
    kept(
        "assistants",
        Class::Business,
        "until the owner deletes it, then hidden for 30 days",
        WORKSPACE,
        CLOSED,
    ),
    kept(
        "assistant_versions",
        Class::Business,
        WITH_IT,
        WORKSPACE,
        WITH_IT,
    ),
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
    derived("messages_fts", Class::Said, "none: an index of messages"),
    derived(
        "messages_fts_data",
        Class::Said,
        "none: an index of messages",
    ),
    derived(
        "messages_fts_idx",
        Class::Said,
        "none: an index of messages",
    ),
    derived(
        "messages_fts_docsize",
        Class::Said,
        "none: an index of messages",
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
        WITH_COPIES,
        OF_CRM,
        CRM_PERSON,
    ),
    kept(
        "crm_tasks",
        Class::Record,
        WITH_COPIES,
        "`person copy`",
        CRM_PERSON,
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
    kept("crm_messages", Class::Said, CRM_DAYS, OF_CRM, CRM_PERSON),
    kept("crm_leads", Class::Said, OWNER, OF_CRM, CRM_PERSON),
    kept(
        "crm_notes",
        Class::Record,
        OWNER,
        "`person copy`",
        CRM_PERSON,
    ),
    kept("crm_jobs", Class::Record, CRM_DAYS, "none: ids", CRM),
    kept("crm_deleted", Class::Record, CRM_DAYS, "none: ids", CRM),
    kept(
        "analyses",
        Class::Said,
        "with its conversation; of one that came from elsewhere, keep_days of the analysis settings (none: as long as the workspace)",
        "`person copy`, list of analyses, API",
        "with its conversation; page Scores, API",
    ),
    derived(
        "conversation_figures",
        Class::Record,
        "none: figures of its conversation",
    ),
    kept(
        "figures_due",
        Class::Record,
        "until its figures are made",
        "none: ids",
        WITH_CONVERSATION,
    ),
    derived("question_topics", Class::Said, "none: vectors of questions"),
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
    kept("tools", Class::Business, OWNER, WORKSPACE, BY_OWNER),
    kept(
        "tool_calls",
        Class::Said,
        "with its conversation; without one, 90 days",
        "`person copy`, page Tools, API",
        WITH_CONVERSATION,
    ),
    kept(
        "api_answers",
        Class::Said,
        API_DAYS,
        WORKSPACE,
        "`DELETE /v1/responses/{id}`, `DELETE /v1/chat/completions/{id}`",
    ),
    kept(
        "api_threads",
        Class::Said,
        API_DAYS,
        WORKSPACE,
        "`DELETE /v1/conversations/{id}`",
    ),
    kept(
        "api_thread_items",
        Class::Said,
        API_DAYS,
        WORKSPACE,
        WITH_IT,
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
