//! What owners do with tools, and what staff decide.

use serde_json::Value;
use url::Url;

use super::calendar::Calendar;
use super::endpoint::Endpoint;
use super::error::MOST;
use super::openapi::{self, Document};
use super::run::{ALLOWED, Asked, DECLINED, check, note};
use super::schema::Schema;
use super::send::check_url;
use super::{Answer, ToolError, Tools, ToolsError, calendar, now};
use crate::access::{Caller, Member, Scope};
use crate::egress::{Purpose, Secret};
use crate::store::listing::{Listing, Page};
use crate::store::tools::calls::{self, AskedBy, CallFilter, ToolCall};
use crate::store::tools::{self, Approval, Tool, ToolKind, Wanted};
use crate::store::{ConversationId, StoreError, ToolCallId, ToolId, UserId, WorkspaceId, closures};

/// Who may see and change tools.
const MAY: &[Scope] = &[Scope::Admin];
/// Who may allow a call that waits for staff.
const MAY_DECIDE: &[Scope] = &[Scope::Conversations, Scope::Admin];
/// In characters.
const LONGEST_NAME: usize = 60;
const LONGEST_TITLE: usize = 100;
const LONGEST_ABOUT: usize = 2_000;
const LONGEST_SECRET: usize = 4_000;
/// How long a call may take in all, in ms.
const TIMES: std::ops::RangeInclusive<u32> = 1_000..=60_000;
/// How much may be read of an answer, in bytes.
const SIZES: std::ops::RangeInclusive<u32> = 1_000..=1_000_000;

/// A tool to set up, or what it is to be from now on.
#[derive(Debug, Clone)]
pub struct NewTool {
    pub wanted: Wanted,
    /// `None` leaves the secret as it is; an empty one forgets it.
    pub secret: Option<Secret>,
}

impl Tools {
    /// The tools of the workspace, by name.
    pub async fn list(&self, by: &Member) -> Result<Vec<Tool>, ToolsError> {
        let workspace = by.need(MAY)?;
        let listed = self
            .inner
            .store
            .read(move |conn| tools::list(conn, workspace));
        Ok(listed.await?)
    }

    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, by: &Member, id: ToolId) -> Result<Tool, ToolsError> {
        let workspace = by.need(MAY)?;
        let found = self
            .inner
            .store
            .read(move |conn| tools::get(conn, workspace, id));
        Ok(found.await?.into_inner())
    }

    /// # Errors
    /// For what cannot be used, by its field; for a name that is taken, and for too many tools.
    pub async fn create(&self, by: &Member, new: NewTool) -> Result<Tool, ToolsError> {
        let workspace = by.need(MAY)?;
        let (wanted, _) = self.check(new.wanted)?;
        let secret = read_secret(new.secret)?.flatten();
        let made = self.inner.store.write(move |tx| {
            if tools::list(tx, workspace)?.len() >= MOST {
                return Ok(None);
            }
            let secret = secret.as_ref().map(Secret::reveal);
            tools::create(tx, workspace, &wanted, secret, now()).map(Some)
        });
        Ok(made.await?.ok_or(ToolsError::Most)?.into_inner())
    }

    /// A secret is forgotten when the tool moves to another server, unless it is given again.
    ///
    /// # Errors
    /// For what cannot be used, by its field; for a name that is taken, and `NotFound`.
    pub async fn change(&self, by: &Member, id: ToolId, new: NewTool) -> Result<Tool, ToolsError> {
        let workspace = by.need(MAY)?;
        let (wanted, url) = self.check(new.wanted)?;
        let secret = read_secret(new.secret)?;
        let changed = self.inner.store.write(move |tx| {
            let tool = tools::get(tx, workspace, id)?;
            if tool.kind != wanted.kind {
                return Ok(None);
            }
            let has_moved = address(&tool).is_none_or(|former| former.origin() != url.origin());
            tools::change(tx, &tool, &wanted, now())?;
            match secret {
                Some(secret) => {
                    tools::set_secret(tx, &tool, secret.as_ref().map(Secret::reveal))?;
                }
                None if has_moved => tools::set_secret(tx, &tool, None)?,
                None => {}
            }
            tools::get(tx, workspace, id).map(Some)
        });
        Ok(changed.await?.ok_or(ToolsError::Kind)?.into_inner())
    }

    /// Turns it on or off; what waits to be allowed can still be declined.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn set_active(
        &self,
        by: &Member,
        id: ToolId,
        active: bool,
    ) -> Result<Tool, ToolsError> {
        let workspace = by.need(MAY)?;
        let changed = self.inner.store.write(move |tx| {
            let tool = tools::get(tx, workspace, id)?;
            let wanted = Wanted {
                active,
                ..wanted_of(&tool)
            };
            tools::change(tx, &tool, &wanted, now())?;
            tools::get(tx, workspace, id)
        });
        Ok(changed.await?.into_inner())
    }

    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, by: &Member, id: ToolId) -> Result<(), ToolsError> {
        let workspace = by.need(MAY)?;
        let deleted = self.inner.store.write(move |tx| {
            let tool = tools::get(tx, workspace, id)?;
            tools::delete(tx, &tool, now())
        });
        Ok(deleted.await?)
    }

    /// Reads an OpenAPI document; nothing is set up yet.
    ///
    /// # Errors
    /// For a document that cannot be read.
    pub fn import(&self, by: &Member, text: &str) -> Result<Document, ToolsError> {
        by.need(MAY)?;
        Ok(openapi::read(text)?)
    }

    /// Calls a tool to try it, also one that is off, whoever would have to agree. It really acts.
    ///
    /// # Errors
    /// For arguments that do not fit, and a tool whose rule is never. A call that failed is no error: see its state.
    pub async fn try_out(
        &self,
        by: &Member,
        id: ToolId,
        arguments: Value,
    ) -> Result<ToolCall, ToolsError> {
        let workspace = by.need(MAY)?;
        let found = self
            .inner
            .store
            .read(move |conn| tools::get(conn, workspace, id));
        let tool = found.await?;
        if tool.approval == Approval::Never {
            return Err(ToolError::Forbidden(tool.name.clone()).into());
        }
        let arguments = check(&tool, arguments)?;
        let asked = Asked {
            by: AskedBy::Trial,
            ..Asked::default()
        };
        let key = format!("trial-{}", ToolCallId::new());
        let owner = Some(name_of(by));
        let called = self.call_by(&tool, arguments, &key, &asked, tool.approval, owner);
        self.noted(workspace, key.clone(), called.await).await
    }

    /// The call in the log, unless nothing was noted.
    async fn noted(
        &self,
        workspace: WorkspaceId,
        key: String,
        called: Result<Answer, ToolError>,
    ) -> Result<ToolCall, ToolsError> {
        if let Err(
            error @ (ToolError::Forbidden(_)
            | ToolError::Arguments(_)
            | ToolError::KeyTaken
            | ToolError::Store(_)),
        ) = called
        {
            return Err(error.into());
        }
        let found = self
            .inner
            .store
            .read(move |conn| calls::find(conn, workspace, &key));
        let found = found.await?.ok_or(StoreError::NotFound("the call"))?;
        Ok(found.into_inner())
    }

    /// Calls a tool by its name for another program, by the tool's own rule.
    ///
    /// # Errors
    /// For arguments that do not fit, a tool that may not run, a key of another call, and `NotFound`. A call that waits or
    /// failed is no error: see its state.
    pub async fn call_named(
        &self,
        by: &Member,
        name: &str,
        arguments: Value,
        key: &str,
    ) -> Result<ToolCall, ToolsError> {
        let workspace = by.need(MAY)?;
        let name = name.to_owned();
        let found = self
            .inner
            .store
            .read(move |conn| tools::get_by_name(conn, workspace, &name));
        let asked = Asked {
            by: AskedBy::Program,
            ..Asked::default()
        };
        let called = self.call(&found.await?, arguments, key, &asked).await;
        self.noted(workspace, key.to_owned(), called).await
    }

    /// A page of the log, newest first.
    pub async fn log(
        &self,
        by: &Member,
        filter: CallFilter,
        limit: u32,
    ) -> Result<Page<CallFilter>, ToolsError> {
        let workspace = by.need(MAY)?;
        let page = self.inner.store.write(move |tx| {
            calls::expire(tx, now())?;
            let listing = Listing {
                workspace,
                filter,
                limit,
            };
            listing.page(tx)
        });
        Ok(page.await?)
    }

    /// What waits for staff, oldest first: of one conversation, or all of the workspace.
    pub async fn waiting(
        &self,
        by: &Member,
        conversation: Option<ConversationId>,
    ) -> Result<Vec<ToolCall>, ToolsError> {
        let workspace = by.need(MAY_DECIDE)?;
        let waiting = self
            .inner
            .store
            .read(move |conn| calls::list_waiting(conn, workspace, conversation, now()));
        Ok(waiting.await?)
    }

    /// Allows a call that waits and runs it at once, or declines it. Returns it with what came of it.
    ///
    /// # Errors
    /// `Conflict` if it does not wait for staff any more, and `NotFound`. A call that failed is no error: see its state.
    pub async fn decide(
        &self,
        by: &Member,
        id: ToolCallId,
        allow: bool,
    ) -> Result<ToolCall, ToolsError> {
        let workspace = by.need(MAY_DECIDE)?;
        let (name, person) = (name_of(by), id_of(by));
        let decided = self.inner.store.write(move |tx| {
            let at = now();
            calls::expire(tx, at)?;
            let call = calls::get(tx, workspace, id)?;
            // What a visitor is asked is not for staff to answer.
            if call.state == calls::CallState::Visitor {
                let told = "this call waits for the visitor's own yes";
                return Err(StoreError::Conflict(told.into()));
            }
            let tool = match (allow, call.tool) {
                (true, Some(tool)) => Some(tools::get(tx, workspace, tool)?),
                _ => None,
            };
            let may_run = tool
                .as_ref()
                .is_none_or(|tool| tool.active && tool.approval != Approval::Never);
            if allow && closures::is_closed(tx, workspace)? {
                let told = "nothing leaves a workspace that is closed";
                return Err(StoreError::Conflict(told.into()));
            }
            if !may_run {
                let told = "the tool is off; turn it on first, or decline the call";
                return Err(StoreError::Conflict(told.into()));
            }
            // The tool may have been changed while the call waited.
            if let Some(tool) = &tool
                && check(tool, call.arguments.clone()).is_err()
            {
                let told = "the tool takes other arguments now than when it was asked for; decline the call";
                return Err(StoreError::Conflict(told.into()));
            }
            calls::decide(tx, &call, allow, &name, at)?;
            note(
                tx,
                &call,
                if allow { ALLOWED } else { DECLINED },
                person,
                at,
            )?;
            if tool.is_some() {
                calls::start(tx, &call, at)?;
            }
            Ok((tool, call))
        });
        let (tool, call) = decided.await?;
        if let Some(tool) = tool {
            // What it answers or why it failed is in the log.
            let arguments = call.arguments.as_object().cloned().unwrap_or_default();
            if let Err(ToolError::Store(error)) = self.run(&tool, arguments, &call.key, id).await {
                return Err(error.into());
            }
        }
        let ended = self
            .inner
            .store
            .read(move |conn| calls::get(conn, workspace, id));
        Ok(ended.await?.into_inner())
    }

    /// Checks what an owner entered, and writes it in the usual way. Returns its address, too.
    fn check(&self, mut wanted: Wanted) -> Result<(Wanted, Url), ToolsError> {
        wanted.name = wanted.name.trim().to_owned();
        if !is_name(&wanted.name) {
            let told = "a name has small letters, digits and _, begins with a letter and has at most 60 characters";
            return Err(ToolsError::wrong("name", told));
        }
        for (field, text, longest) in [
            ("title", &mut wanted.title, LONGEST_TITLE),
            ("about", &mut wanted.about, LONGEST_ABOUT),
        ] {
            *text = text.trim().to_owned();
            if text.chars().count() > longest {
                return Err(ToolsError::wrong(
                    field,
                    format!("at most {longest} characters"),
                ));
            }
        }
        if wanted.title.is_empty() {
            return Err(ToolsError::wrong(
                "title",
                "say in a few words what it does",
            ));
        }
        if !TIMES.contains(&wanted.timeout_ms) {
            return Err(ToolsError::wrong(
                "timeout_ms",
                "a call may take 1000 to 60000 milliseconds",
            ));
        }
        if !SIZES.contains(&wanted.most_bytes) {
            return Err(ToolsError::wrong(
                "most_bytes",
                "an answer may have 1000 to 1000000 bytes",
            ));
        }
        let (purpose, url) = match wanted.kind {
            ToolKind::Http => {
                let schema = Schema::read(&wanted.arguments)
                    .map_err(|error| ToolsError::wrong("arguments", error.to_string()))?;
                let endpoint = Endpoint::read(&wanted.settings)
                    .map_err(|reason| ToolsError::wrong("settings", reason.to_string()))?;
                let url = endpoint
                    .check(&schema)
                    .map_err(|(field, told)| ToolsError::wrong(field, told))?;
                (Purpose::Tool, url)
            }
            ToolKind::Calendar => {
                let calendar = Calendar::read(&wanted.settings)
                    .map_err(|reason| ToolsError::wrong("settings", reason.to_string()))?;
                let url = calendar
                    .check()
                    .map_err(|(field, told)| ToolsError::wrong(field, told))?;
                wanted.arguments = calendar::arguments();
                (Purpose::Calendar, url)
            }
        };
        check_url(&self.inner.gateway, purpose, &url)
            .map_err(|reason| ToolsError::wrong("url", reason.to_string()))?;
        Ok((wanted, url))
    }
}

/// What a tool is now.
fn wanted_of(tool: &Tool) -> Wanted {
    Wanted {
        kind: tool.kind,
        name: tool.name.clone(),
        title: tool.title.clone(),
        about: tool.about.clone(),
        arguments: tool.arguments.clone(),
        settings: tool.settings.clone(),
        approval: tool.approval,
        timeout_ms: tool.timeout_ms,
        most_bytes: tool.most_bytes,
        active: tool.active,
    }
}

/// Where a tool leads; its path does not matter here.
fn address(tool: &Tool) -> Option<Url> {
    let text = tool.settings.get("url")?.as_str()?;
    Url::parse(text).ok()
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// What to do with the secret: nothing, forget it (`Some(None)`), or keep this one.
fn read_secret(given: Option<Secret>) -> Result<Option<Option<Secret>>, ToolsError> {
    let Some(secret) = given else {
        return Ok(None);
    };
    let text = secret.reveal().trim();
    if text.len() > LONGEST_SECRET || text.chars().any(char::is_control) {
        let told = "a secret is one line of at most 4000 bytes";
        return Err(ToolsError::wrong("secret", told));
    }
    Ok(Some((!text.is_empty()).then(|| Secret::new(text))))
}

/// The person who acts; `None` for programs and commands.
fn id_of(by: &Member) -> Option<UserId> {
    match by.principal().caller() {
        Caller::User(user) => Some(user.id),
        _ => None,
    }
}

/// Who decides, for the log.
fn name_of(by: &Member) -> String {
    match by.principal().caller() {
        Caller::User(user) if !user.name.trim().is_empty() => user.name.clone(),
        Caller::User(user) => user.email.clone(),
        Caller::Key(_) => "an API key".to_owned(),
        Caller::Secret => "a client secret".to_owned(),
        Caller::Installation => "a command".to_owned(),
    }
}
