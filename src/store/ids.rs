//! Each kind of id is a type of its own, so that nobody looks up a document with a user's id.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh UUID version 7 (RFC 9562), so ids sort by creation time.
            #[expect(clippy::new_without_default, reason = "a default would hide that it is random")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.to_string().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
            }
        }
    )+};
}

uuid_id! {
    /// One business and everything that belongs to it.
    WorkspaceId;
    UserId;
    ApiKeyId;
    /// A question with its approved answer.
    FaqId;
    FactId;
    /// A website that documents come from.
    SourceId;
    GoldenId;
    /// A run of golden questions.
    EvalRunId;
    /// A change that waits at the gate.
    ProposalId;
    AssistantId;
    /// The same through all versions.
    DocumentId;
    /// One uploaded version of a document.
    VersionId;
    /// A recognised line that is doubtful, as it was read once.
    SeenLineId;
    /// A person on a public page or in the widget.
    VisitorId;
    /// A voice session on any channel.
    CallId;
    ConversationId;
    MessageId;
    ReceiptId;
    JobId;
    /// Some of the people who sign in, who look after the same conversations.
    TeamId;
    /// What staff wrote to each other beside a conversation.
    NoteId;
    CannedReplyId;
    /// A file in a conversation.
    AttachmentId;
    /// A person as the business knows them, across channels.
    ContactId;
    ConsentId;
    /// A lead or a call to make.
    TaskId;
    /// An e-mail to be sent.
    /// A message of e-mail in the outbox.
    MailId;
    WebhookId;
    /// What workspaces may use in a month.
    PlanId;
    /// A connected account of a CRM.
    CrmAccountId;
    CrmJobId;
    /// What was found in a conversation.
    AnalysisId;
    /// A service that a workspace may use instead of this machine's engines.
    ProviderId;
    /// A run of a workflow in a conversation.
    WorkflowRunId;
    /// One event for one webhook; the same for every attempt.
    DeliveryId;
    /// What an assistant may do elsewhere.
    ToolId;
    /// One call of a tool, from the wish to what came of it.
    ToolCallId;
    /// A link that lets somebody into a workspace.
    InvitationId;
    PasskeyId;
    /// A company's sign-in server.
    SignOnId;
}

macro_rules! row_id {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        }
    )+};
}

row_id! {
    /// A chunk of a document version. A small number, because the search index stores many; never used twice.
    ChunkId;
    /// The position of an event in the log.
    EventId;
}
