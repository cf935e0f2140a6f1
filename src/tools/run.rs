//! A call from the wish to what came of it: whether it may run, that it runs once, and the log.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::endpoint::Endpoint;
use super::schema::{LONGEST, Schema, Wrong};
use super::send::{self, Failure, Line};
use super::{ToolError, Tools, calendar, now};
use crate::egress::Secret;
use crate::reason::Reason;
use crate::store::tools::calls::{self, AskedBy, CallState, NewCall, Outcome, ToolCall};
use crate::store::tools::{self, Approval, Tool, ToolKind};
use crate::store::{
    ConversationId, Scoped, StoreError, ToolCallId, Transaction, UnixMs, UserId, WorkspaceId,
    assistants, closures, conversations, events,
};

/// How long a visitor has to agree, in ms.
const FOR_VISITORS: i64 = 30 * 60 * 1000;
/// How long staff have to agree, in ms.
const FOR_STAFF: i64 = 24 * 60 * 60 * 1000;
/// In bytes.
const LONGEST_KEY: usize = 200;
/// What the log says of a call that a fault of ours ended.
const FAULT: &str = "the server failed while it ran";
/// Kinds of the events that tell staff of a call that waits for them, and of what became of it.
const WAITS: &str = "tool_waits";
pub(super) const ALLOWED: &str = "tool_allowed";
pub(super) const DECLINED: &str = "tool_declined";

/// Who asks for a call.
#[derive(Debug, Clone)]
pub struct Asked {
    pub conversation: Option<ConversationId>,
    pub by: AskedBy,
    /// Whether the visitor said yes to exactly these arguments.
    pub agreed: bool,
}

impl Default for Asked {
    /// A workflow, without a visitor's yes.
    fn default() -> Self {
        Self {
            conversation: None,
            by: AskedBy::Workflow,
            agreed: false,
        }
    }
}

/// A call that a workflow orders after the visitor confirmed what stands in it.
#[derive(Debug, Clone)]
pub struct Order {
    pub workspace: WorkspaceId,
    pub conversation: ConversationId,
    /// Its name.
    pub tool: String,
    /// By the name of the argument; dates and times as in ISO 8601, by the business's clock.
    pub texts: BTreeMap<String, String>,
    /// Stays the same when it is ordered again.
    pub key: String,
}

/// What is to be done about a call.
enum Begun {
    /// It is taken; run it.
    Run(ToolCallId),
    /// It ran before.
    Answer(Answer),
}

impl Tools {
    /// Calls a tool for a workflow, if the assistant of the conversation may call it.
    ///
    /// # Errors
    /// As for [`Tools::call`], `NotChosen`, and `NotFound` without a tool of that name.
    pub async fn call_ordered(&self, order: Order) -> Result<Answer, ToolError> {
        let (workspace, name) = (order.workspace, order.tool);
        let conversation = order.conversation;
        let found = self.inner.store.read(move |conn| {
            let tool = tools::get_by_name(conn, workspace, &name)?;
            let assistant = conversations::get(conn, workspace, conversation)?.assistant;
            let own = assistants::own_of(conn, workspace, assistant)?;
            Ok((own.may_call(&tool.name), tool))
        });
        let (is_chosen, tool) = found.await?;
        if !is_chosen {
            return Err(ToolError::NotChosen(tool.name.clone()));
        }
        let zone = match &self.inner.hours {
            Some(hours) => hours.zone(workspace).await?,
            None => TimeZone::UTC,
        };
        let arguments = read_schema(&tool)?.read_texts(&order.texts, &zone);
        let asked = Asked {
            conversation: Some(order.conversation),
            by: AskedBy::Workflow,
            agreed: true,
        };
        let arguments = Value::Object(arguments);
        self.call(&tool, arguments, &order.key, &asked).await
    }

    /// Calls a tool. The same key gives the same answer and never acts twice.
    ///
    /// # Errors
    /// While somebody has to agree, the call waits in the log: call again with the same key (and `agreed`, if the visitor
    /// did). Otherwise for arguments that do not fit, a tool that may not run, and a call that failed.
    pub async fn call(
        &self,
        tool: &Scoped<Tool>,
        arguments: Value,
        key: &str,
        asked: &Asked,
    ) -> Result<Answer, ToolError> {
        if !tool.active || tool.approval == Approval::Never {
            return Err(ToolError::Forbidden(tool.name.clone()));
        }
        let arguments = check(tool, arguments)?;
        let rule = match is_look(tool, &arguments) {
            true => Approval::Free,
            false => tool.approval,
        };
        self.call_by(tool, arguments, key, asked, rule, None).await
    }

    /// Calls a tool by a rule; `owner` is who tries it, whatever the rule.
    pub(super) async fn call_by(
        &self,
        tool: &Scoped<Tool>,
        arguments: Map<String, Value>,
        key: &str,
        asked: &Asked,
        rule: Approval,
        owner: Option<String>,
    ) -> Result<Answer, ToolError> {
        if key.is_empty() || key.len() > LONGEST_KEY {
            let what = format!("must have 1 to {LONGEST_KEY} bytes");
            return Err(ToolError::Arguments(vec![Wrong {
                field: "key".to_owned(),
                what,
            }]));
        }
        let wish = Wish {
            tool: tool.clone(),
            arguments: Value::Object(arguments.clone()),
            key: key.to_owned(),
            asked: asked.clone(),
            rule,
            owner,
        };
        // Whoever waits may leave before the call is taken, and a call that was taken must not stay "running".
        let (this, tool, key) = (self.clone(), tool.clone(), key.to_owned());
        let called = tokio::spawn(async move {
            let begun = this.inner.store.write(move |tx| begin(tx, &wish, now()));
            match begun.await?? {
                Begun::Answer(answer) => Ok(answer),
                Begun::Run(id) => this.run(&tool, arguments, &key, id).await,
            }
        });
        called
            .await
            .unwrap_or_else(|fault| Err(ToolError::Unknown(Reason::told(FAULT, fault))))
    }

    /// Runs a call that was taken, to its end even if nobody waits for it any more.
    pub(super) async fn run(
        &self,
        tool: &Scoped<Tool>,
        arguments: Map<String, Value>,
        key: &str,
        id: ToolCallId,
    ) -> Result<Answer, ToolError> {
        let (this, tool, key) = (self.clone(), tool.clone(), key.to_owned());
        let running = tokio::spawn(async move { this.perform(&tool, &arguments, &key, id).await });
        match running.await {
            Ok(ended) => ended,
            Err(fault) => {
                let outcome = Outcome {
                    error: Some(FAULT.to_owned()),
                    ..Outcome::default()
                };
                let settled = self
                    .inner
                    .store
                    .write(move |tx| calls::settle(tx, id, CallState::Unknown, &outcome, now()));
                settled.await?;
                Err(ToolError::Unknown(Reason::told(FAULT, fault)))
            }
        }
    }

    async fn perform(
        &self,
        tool: &Scoped<Tool>,
        arguments: &Map<String, Value>,
        key: &str,
        id: ToolCallId,
    ) -> Result<Answer, ToolError> {
        let ended = self.act(tool, arguments, key).await;
        let (state, outcome) = match &ended {
            Ok(answer) => {
                let outcome = Outcome {
                    status: Some(answer.status),
                    answer: serde_json::to_string(answer).ok(),
                    error: None,
                };
                (CallState::Done, outcome)
            }
            Err(failure) => {
                let answer = failure.answer.as_deref();
                let outcome = Outcome {
                    status: failure.status,
                    answer: answer.and_then(|answer| serde_json::to_string(answer).ok()),
                    error: Some(failure.told.to_string()),
                };
                let state = match failure.is_sure {
                    true => CallState::Failed,
                    false => CallState::Unknown,
                };
                (state, outcome)
            }
        };
        let settled = self
            .inner
            .store
            .write(move |tx| calls::settle(tx, id, state, &outcome, now()));
        settled.await?;
        ended.map_err(|failure| match failure.is_sure {
            true => ToolError::Failed(failure.told),
            false => ToolError::Unknown(failure.told),
        })
    }

    async fn act(
        &self,
        tool: &Scoped<Tool>,
        arguments: &Map<String, Value>,
        key: &str,
    ) -> Result<Answer, Failure> {
        let id = tool.id;
        let secret = self.inner.store.read(move |conn| tools::secret(conn, id));
        let secret = secret
            .await
            .map_err(|error| Failure::sure(Reason::of(error)))?;
        let line = Line {
            gateway: &self.inner.gateway,
            workspace: tool.workspace(),
            secret: secret.map(Secret::new),
            timeout: Duration::from_millis(tool.timeout_ms.into()),
            most_bytes: tool.most_bytes.into(),
        };
        match tool.kind {
            ToolKind::Http => {
                let endpoint = Endpoint::read(&tool.settings).map_err(Failure::sure)?;
                send::send(&line, &endpoint, arguments, key).await
            }
            ToolKind::Calendar => {
                let lock = self.booking(id);
                calendar::act(
                    &line,
                    tool,
                    arguments,
                    key,
                    self.inner.hours.as_deref(),
                    &lock,
                )
                .await
            }
        }
    }
}

/// Whether it only looks, so that nobody has to agree.
fn is_look(tool: &Tool, arguments: &Map<String, Value>) -> bool {
    tool.kind == ToolKind::Calendar
        && arguments.get("action").and_then(Value::as_str) == Some(calendar::FREE)
}

/// Checks arguments against the schema of their tool.
pub(super) fn check(tool: &Tool, arguments: Value) -> Result<Map<String, Value>, ToolError> {
    let wrong = |what: &str| {
        let what = what.to_owned();
        ToolError::Arguments(vec![Wrong {
            field: String::new(),
            what,
        }])
    };
    if arguments.to_string().len() > LONGEST {
        return Err(wrong("are longer than 64 KB"));
    }
    let Value::Object(arguments) = arguments else {
        return Err(wrong("must be an object"));
    };
    let found = read_schema(tool)?.check(&arguments);
    match found.is_empty() {
        true => Ok(arguments),
        false => Err(ToolError::Arguments(found)),
    }
}

pub(super) fn read_schema(tool: &Tool) -> Result<Schema, ToolError> {
    Schema::read(&tool.arguments).map_err(|error| {
        let told = format!("the schema of its arguments cannot be used: {error}");
        ToolError::Failed(Reason::told(told, error))
    })
}

struct Wish {
    tool: Scoped<Tool>,
    arguments: Value,
    key: String,
    asked: Asked,
    rule: Approval,
    owner: Option<String>,
}

/// Takes a call to run it, or notes that it waits.
fn begin(
    tx: &Transaction<'_>,
    wish: &Wish,
    at: UnixMs,
) -> Result<Result<Begun, ToolError>, StoreError> {
    // Nothing leaves a workspace that is closed.
    if closures::is_closed(tx, wish.tool.workspace())? {
        return Ok(Err(ToolError::Forbidden(wish.tool.name.clone())));
    }
    calls::expire(tx, at)?;
    if let Some(call) = calls::find(tx, wish.tool.workspace(), &wish.key)? {
        return resume(tx, wish, &call, at);
    }
    let (state, decided_by, wait) = match (&wish.owner, wish.rule) {
        (Some(owner), _) => (CallState::Running, Some(owner.as_str()), None),
        // An assistant asked the visitor, although the rule wants nobody's yes.
        (None, Approval::Free) if wish.asked.agreed && wish.asked.by == AskedBy::Chat => {
            (CallState::Running, Some("visitor"), None)
        }
        (None, Approval::Free) => (CallState::Running, Some("rule"), None),
        (None, Approval::Visitor) if wish.asked.agreed => {
            (CallState::Running, Some("visitor"), None)
        }
        (None, Approval::Visitor) => (CallState::Visitor, None, Some(FOR_VISITORS)),
        (None, Approval::Staff) => (CallState::Staff, None, Some(FOR_STAFF)),
        (None, Approval::Never) => {
            return Ok(Err(ToolError::Forbidden(wish.tool.name.clone())));
        }
    };
    let new = NewCall {
        conversation: wish.asked.conversation,
        key: &wish.key,
        asked_by: wish.asked.by,
        arguments: &wish.arguments,
        state,
        decided_by,
        expires_at: wait.map(|wait| at.saturating_add(wait)),
    };
    let call = calls::create(tx, &wish.tool, &new, at)?;
    Ok(match state {
        CallState::Visitor => Err(ToolError::AsksVisitor(call.id)),
        CallState::Staff => {
            note(tx, &call, WAITS, None, at)?;
            Err(ToolError::AsksStaff(call.id))
        }
        _ => Ok(Begun::Run(call.id)),
    })
}

/// Tells the log of what happened to a call, beside its conversation if it has one.
pub(super) fn note(
    tx: &Transaction<'_>,
    call: &Scoped<ToolCall>,
    kind: &str,
    by: Option<UserId>,
    at: UnixMs,
) -> Result<(), StoreError> {
    let conversation = call.conversation.map(|id| id.to_string());
    let subject = conversation.unwrap_or_else(|| call.id.to_string());
    let data = json!({
        "call": call.id.to_string(), "tool": call.name, "by": by.map(|id| id.to_string()),
    });
    events::append(tx, call.workspace(), kind, &subject, &data, at)?;
    Ok(())
}

/// What a key means that was used before.
fn resume(
    tx: &Transaction<'_>,
    wish: &Wish,
    call: &Scoped<ToolCall>,
    at: UnixMs,
) -> Result<Result<Begun, ToolError>, StoreError> {
    if call.tool != Some(wish.tool.id) || call.arguments != wish.arguments {
        return Ok(Err(ToolError::KeyTaken));
    }
    let told = || -> Reason {
        let told = call.error.clone();
        told.unwrap_or_else(|| "it ended without a reason".to_owned())
            .into()
    };
    let run = || -> Result<Result<Begun, ToolError>, StoreError> {
        Ok(match calls::start(tx, call, at)? {
            true => Ok(Begun::Run(call.id)),
            false => Err(ToolError::Unknown("it is running already".into())),
        })
    };
    Ok(match call.state {
        CallState::Visitor if wish.asked.agreed => {
            calls::decide(tx, call, true, "visitor", at)?;
            return run();
        }
        CallState::Allowed => return run(),
        CallState::Visitor => Err(ToolError::AsksVisitor(call.id)),
        CallState::Staff => Err(ToolError::AsksStaff(call.id)),
        CallState::Running => Err(ToolError::Unknown("it is still running".into())),
        CallState::Done => {
            let answer = call
                .answer
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok());
            answer
                .map(Begun::Answer)
                .ok_or_else(|| ToolError::Failed("its answer is not kept any more".into()))
        }
        CallState::Failed => Err(ToolError::Failed(told())),
        CallState::Unknown => Err(ToolError::Unknown(told())),
        CallState::Declined => Err(ToolError::Declined),
        CallState::Expired => Err(ToolError::Expired),
    })
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
