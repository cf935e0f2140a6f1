//! One account as the port sees it.

use async_trait::async_trait;
use serde_json::Value;

use super::client::{Call, PAGE};
use super::{Kommo, wire};
use crate::crm::{
    Crm, CrmError, Gathered, Lead, LeadRef, NewNote, NewTask, Page, RemoteNote, TagChange, Voice,
    VoiceLink,
};
use crate::store::crm::accounts::{Account, CrmKind};
use crate::store::{Scoped, UnixMs};

/// Kommo's ids of the stages "won" and "lost", the same in every pipeline.
const CLOSED: &[&str] = &["142", "143"];

/// An account that is connected; clones share everything with [`Kommo`].
#[derive(Clone)]
pub struct KommoAccount {
    pub(super) kommo: Kommo,
    pub(super) account: Scoped<Account>,
}

impl KommoAccount {
    pub(super) fn new(kommo: Kommo, account: Scoped<Account>) -> Self {
        Self { kommo, account }
    }

    /// As it was when it was read.
    pub fn account(&self) -> &Scoped<Account> {
        &self.account
    }

    pub(super) async fn call(&self, call: Call) -> Result<Option<Value>, CrmError> {
        self.kommo.call(&self.account, &call).await
    }

    /// Like [`call`](Self::call), for an answer that has to have a body.
    pub(super) async fn call_for(&self, call: Call) -> Result<Value, CrmError> {
        let what = call.what;
        self.call(call)
            .await?
            .ok_or_else(|| self.misread(what, "it is empty"))
    }

    pub(super) fn misread(&self, what: &'static str, reason: &str) -> CrmError {
        CrmError::Answer {
            account: self.account.host.clone(),
            what,
            reason: reason.into(),
        }
    }

    /// Whether Kommo lets us in; the account as it tells of itself.
    pub async fn read_account(&self) -> Result<Value, CrmError> {
        let path = "/api/v4/account?with=task_types,datetime_settings,drive_url";
        let body = self.call_for(Call::get(path, "the account")).await?;
        // An old address may answer for a while.
        let host = &self.account.host;
        let named = wire::text_in(&body, "subdomain");
        let here = host.split('.').next();
        if named.is_some() && named.as_deref() != here {
            self.kommo.look_where(&self.account, host, None).await;
        }
        Ok(body)
    }

    /// A lead, if the account has it.
    async fn find_lead(&self, id: u64) -> Result<Option<Lead>, CrmError> {
        let path = format!("/api/v4/leads/{id}?with=contacts");
        let body = match self.call(Call::get(path, "the lead")).await {
            Ok(Some(body)) => body,
            // One that was deleted is answered with nothing, too.
            Ok(None) | Err(CrmError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if body.get("is_deleted").and_then(Value::as_bool) == Some(true) {
            return Ok(None);
        }
        let lead = read_lead(&body).ok_or_else(|| self.misread("the lead", "it has no id"))?;
        Ok(Some(lead))
    }
}

/// An id for a path. Kommo's are numbers; anything else never gets into an address.
pub(super) fn number(id: &str, what: &'static str) -> Result<u64, CrmError> {
    id.parse().map_err(|_| {
        let told = format!("{what} has a number in Kommo, and this is none");
        CrmError::Input(told.into())
    })
}

#[async_trait]
impl Crm for KommoAccount {
    fn kind(&self) -> CrmKind {
        CrmKind::Kommo
    }

    async fn lead(&self, lead: &str) -> Result<Lead, CrmError> {
        let id = number(lead, "a lead")?;
        if let Some(lead) = self.find_lead(id).await? {
            return Ok(lead);
        }
        // Copies are erased of what is missing, so it has to be the account itself that says so.
        match self.read_account().await {
            Ok(_) => {}
            Err(CrmError::Missing { .. }) => {
                return Err(self.misread("the lead", "the account is not at its address any more"));
            }
            Err(error) => return Err(error),
        }
        self.find_lead(id).await?.ok_or_else(|| CrmError::Missing {
            account: self.account.host.clone(),
            what: "the lead",
        })
    }

    async fn open_leads(&self, from: Option<&str>) -> Result<Page<LeadRef>, CrmError> {
        let page: u64 = from.map_or(Ok(1), |from| number(from, "a page"))?;
        let path = format!("/api/v4/leads?order[id]=asc&page={page}&limit={PAGE}");
        let Some(body) = self.call(Call::get(path, "the leads")).await? else {
            let (items, next) = (Vec::new(), None);
            return Ok(Page { items, next });
        };
        let rows = wire::rows(&body, "leads");
        let items = rows
            .iter()
            .filter_map(read_lead)
            .filter(|lead| !lead.is_closed);
        let items = items.map(|lead| LeadRef {
            id: lead.id,
            name: lead.name,
            updated_at: lead.updated_at,
        });
        let names_next = body
            .pointer("/_links/next/href")
            .is_some_and(Value::is_string);
        let goes_on = !rows.is_empty() && (names_next || rows.len() >= PAGE);
        Ok(Page {
            items: items.collect(),
            next: goes_on.then(|| page.saturating_add(1).to_string()),
        })
    }

    async fn conversation(&self, lead: &str, since: Option<UnixMs>) -> Result<Gathered, CrmError> {
        self.gather(lead, since).await
    }

    async fn notes(&self, lead: &str) -> Result<Vec<RemoteNote>, CrmError> {
        self.read_notes(lead).await
    }

    async fn find_note(&self, lead: &str, text: &str) -> Result<Option<String>, CrmError> {
        self.look_for_note(lead, text).await
    }

    async fn write_note(&self, lead: &str, note: &NewNote) -> Result<String, CrmError> {
        self.add_note(lead, note).await
    }

    async fn write_number(
        &self,
        lead: &str,
        field: &str,
        value: Option<f64>,
    ) -> Result<(), CrmError> {
        self.set_number(lead, field, value).await
    }

    async fn write_tags(&self, lead: &str, change: &TagChange) -> Result<(), CrmError> {
        self.merge_tags(lead, change).await
    }

    async fn create_task(&self, lead: &str, task: &NewTask) -> Result<String, CrmError> {
        self.add_task(lead, task).await
    }

    async fn download(&self, voice: &VoiceLink) -> Result<Voice, CrmError> {
        self.fetch_voice(voice).await
    }
}

fn read_lead(row: &Value) -> Option<Lead> {
    let mut contacts: Vec<(bool, String)> = wire::beside(row, "contacts")
        .filter_map(|contact| {
            let is_main = contact.get("is_main").and_then(Value::as_bool);
            Some((is_main == Some(true), wire::id_in(contact, "id")?))
        })
        .collect();
    contacts.sort_by_key(|(is_main, _)| !is_main);
    let stage = wire::id_in(row, "status_id");
    Some(Lead {
        id: wire::id_in(row, "id")?,
        name: wire::text_in(row, "name").unwrap_or_default(),
        price: wire::number_in(row, "price"),
        pipeline: wire::id_in(row, "pipeline_id"),
        is_closed: stage
            .as_deref()
            .is_some_and(|stage| CLOSED.contains(&stage)),
        stage,
        responsible: wire::id_in(row, "responsible_user_id"),
        tags: wire::beside(row, "tags")
            .filter_map(|tag| wire::text_in(tag, "name"))
            .collect(),
        contacts: contacts.into_iter().map(|(_, id)| id).collect(),
        created_at: wire::time_in(row, "created_at"),
        updated_at: wire::time_in(row, "updated_at"),
    })
}
