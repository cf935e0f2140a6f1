//! A CRM, a transcriber and a store for tests. The CRM can be told to hang at a call, before or after its effect, as if the
//! server were killed there.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Notify;

use super::gone::take_deletion;
use super::settings::CaseSettings;
use super::{Accounts, Casework, News, Parts, now};
use crate::crm::{
    Crm, CrmError, Gathered, Lead, LeadRef, NewNote, NewTask, Page, RemoteMessage, RemoteNote,
    Source, TagChange, Voice, VoiceLink, Who,
};
use crate::llm::{ChatModel, ChatRequest, ChatStream, LlmError};
use crate::speech::{SpeechError, TranscribeOptions, Transcriber, Transcript};
use crate::store::crm::accounts::{self, Account, CrmKind, NewAccount, Tokens};
use crate::store::crm::messages::{CrmMessage, Writer};
use crate::store::crm::notes;
use crate::store::{Scoped, Store, StoreError, UnixMs, workspaces};
use crate::usage::quota::Quotas;

pub(super) const SPOKEN: &str = "Can we meet on Tuesday at ten?";
pub(super) const SPOKEN_MS: u64 = 4_000;

#[derive(Default)]
pub(super) struct There {
    pub(super) messages: Vec<RemoteMessage>,
    pub(super) open: Vec<LeadRef>,
    /// Id and text of notes of any service.
    pub(super) notes: Vec<(String, String)>,
    pub(super) numbers: Vec<(String, Option<f64>)>,
    pub(super) tags: BTreeSet<String>,
    pub(super) tasks: Vec<String>,
    pub(super) downloads: u32,
    /// The lead was deleted.
    pub(super) missing: bool,
    /// The call at which the lead is deleted, while its answer is on its way.
    pub(super) deleted_at: Option<u32>,
    /// Leads that were noted as erased.
    pub(super) noted: Vec<String>,
    /// How often it was asked where the account is.
    pub(super) looks: u32,
    pub(super) calls: u32,
    /// The call that hangs, and whether its effect comes first.
    pub(super) hang: Option<(u32, bool)>,
}

/// A CRM with one account.
pub(super) struct FakeCrm {
    there: Mutex<There>,
    pub(super) hung: Notify,
    store: Store,
    account: Scoped<Account>,
}

impl FakeCrm {
    pub(super) fn there(&self) -> MutexGuard<'_, There> {
        self.there.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, does it, and hangs if it is the one to hang at.
    async fn call<T>(&self, effect: impl FnOnce(&mut There) -> T) -> T {
        let (hangs, first, is_deleted) = {
            let mut there = self.there();
            there.calls += 1;
            let is_deleted = there.deleted_at == Some(there.calls);
            match there.hang {
                Some((at, first)) if at == there.calls => (true, first, is_deleted),
                _ => (false, true, is_deleted),
            }
        };
        if hangs && !first {
            self.hang().await;
        }
        let done = effect(&mut self.there());
        if is_deleted {
            self.delete().await;
        }
        if hangs {
            self.hang().await;
        }
        done
    }

    /// The lead 7 is deleted, and we hear of it.
    async fn delete(&self) {
        self.there().missing = true;
        // So that it is later than the question, in whole milliseconds.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let account = self.account.clone();
        let taken = self.store.write(move |tx| {
            let (settings, now) = (CaseSettings::default(), now());
            take_deletion(tx, &account, &settings, "7", Some(now), now)
        });
        taken.await.unwrap();
    }

    async fn hang(&self) {
        self.hung.notify_one();
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl Crm for FakeCrm {
    fn kind(&self) -> CrmKind {
        CrmKind::Kommo
    }

    async fn lead(&self, lead: &str) -> Result<Lead, CrmError> {
        let found = Lead {
            id: lead.to_owned(),
            name: "Ines Marlow".to_owned(),
            ..Lead::default()
        };
        let gone = || CrmError::Missing {
            account: "shop.example".to_owned(),
            what: "the lead",
        };
        self.call(|there| match there.missing {
            true => Err(gone()),
            false => Ok(found),
        })
        .await
    }

    async fn open_leads(&self, _from: Option<&str>) -> Result<Page<LeadRef>, CrmError> {
        let items = self.call(|there| there.open.clone()).await;
        Ok(Page { items, next: None })
    }

    async fn conversation(
        &self,
        _lead: &str,
        _since: Option<UnixMs>,
    ) -> Result<Gathered, CrmError> {
        let messages = self.call(|there| there.messages.clone()).await;
        Ok(Gathered {
            messages,
            source: Source::Asked,
            remarks: Vec::new(),
        })
    }

    /// Ours are left out, remembered or not, as Kommo's client does.
    async fn notes(&self, _lead: &str) -> Result<Vec<RemoteNote>, CrmError> {
        self.call(|_| ()).await;
        Ok(Vec::new())
    }

    async fn find_note(&self, _lead: &str, text: &str) -> Result<Option<String>, CrmError> {
        let all = self.call(|there| there.notes.clone()).await;
        let found = all.into_iter().find(|(_, known)| known.contains(text));
        Ok(found.map(|(id, _)| id))
    }

    async fn write_note(&self, lead: &str, note: &NewNote) -> Result<String, CrmError> {
        let id = self
            .call(|there| {
                let id = format!("n{}", there.notes.len() + 1);
                there.notes.push((id.clone(), note.text.clone()));
                id
            })
            .await;
        let (account, kept, lead) = (self.account.clone(), id.clone(), lead.to_owned());
        let message = note.message.clone();
        let written = self
            .store
            .write(move |tx| notes::keep(tx, &account, &kept, &lead, message.as_deref(), 1));
        written.await?;
        Ok(id)
    }

    async fn write_number(
        &self,
        _lead: &str,
        field: &str,
        value: Option<f64>,
    ) -> Result<(), CrmError> {
        let written = (field.to_owned(), value);
        self.call(|there| there.numbers.push(written)).await;
        Ok(())
    }

    async fn write_tags(&self, _lead: &str, change: &TagChange) -> Result<(), CrmError> {
        self.call(|there| {
            for tag in &change.remove {
                there.tags.remove(tag);
            }
            there.tags.extend(change.add.iter().cloned());
        })
        .await;
        Ok(())
    }

    async fn create_task(&self, _lead: &str, task: &NewTask) -> Result<String, CrmError> {
        let text = task.text.clone();
        let count = self
            .call(|there| {
                there.tasks.push(text);
                there.tasks.len()
            })
            .await;
        Ok(format!("t{count}"))
    }

    async fn download(&self, _voice: &VoiceLink) -> Result<Voice, CrmError> {
        self.call(|there| there.downloads += 1).await;
        Ok(Voice {
            bytes: Bytes::from_static(&[7; 4_000]),
            media_type: "audio/ogg",
        })
    }
}

struct FakeAccounts {
    crm: Arc<FakeCrm>,
}

#[async_trait]
impl Accounts for FakeAccounts {
    async fn open(&self, _account: &Scoped<Account>) -> Result<Arc<dyn Crm>, CrmError> {
        Ok(self.crm.clone())
    }

    /// Lines such as `message m1 7 1000`, `closed t1 7`, `stage 7 142`, `note 7 n1`, `deleted 7 1000`, `restored 7 1000`; `-` for
    /// no time.
    fn read(&self, _account: &Scoped<Account>, body: &[u8]) -> Result<Vec<News>, CrmError> {
        let text = String::from_utf8_lossy(body);
        text.lines()
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                match words.as_slice() {
                    ["message", id, lead, at] => Ok(News::Message(CrmMessage {
                        id: (*id).to_owned(),
                        talk: Some("t1".to_owned()),
                        lead: Some((*lead).to_owned()),
                        contact: None,
                        who: Writer::Customer,
                        author: None,
                        kind: "text".to_owned(),
                        text: "Hello".to_owned(),
                        voice_link: None,
                        voice_name: None,
                        at: at.parse().unwrap_or_default(),
                    })),
                    ["closed", talk, lead] => Ok(News::TalkClosed {
                        talk: (*talk).to_owned(),
                        lead: Some(*lead).filter(|lead| *lead != "-").map(str::to_owned),
                    }),
                    ["stage", lead, stage] => Ok(News::Stage {
                        lead: (*lead).to_owned(),
                        name: None,
                        stage: (*stage).to_owned(),
                    }),
                    ["note", lead, note] => Ok(News::Note {
                        lead: (*lead).to_owned(),
                        note: (*note).to_owned(),
                    }),
                    ["deleted", lead, at] => Ok(News::LeadDeleted {
                        lead: (*lead).to_owned(),
                        at: at.parse().ok(),
                    }),
                    ["restored", lead, at] => Ok(News::LeadRestored {
                        lead: (*lead).to_owned(),
                        at: at.parse().ok(),
                    }),
                    ["elsewhere"] => Ok(News::Elsewhere),
                    _ => Err(CrmError::Input("not understood".into())),
                }
            })
            .collect()
    }

    async fn note_erased(&self, _account: &Scoped<Account>, lead: &str) -> Result<(), StoreError> {
        self.crm.there().noted.push(lead.to_owned());
        Ok(())
    }

    async fn look_where(&self, _account: &Scoped<Account>) {
        self.crm.there().looks += 1;
    }

    async fn disconnect(
        &self,
        _account: &Scoped<Account>,
        _keep_copies: bool,
    ) -> Result<bool, CrmError> {
        Ok(true)
    }
}

struct NoModel;

#[async_trait]
impl ChatModel for NoModel {
    fn name(&self) -> String {
        "none".to_owned()
    }

    fn context_tokens(&self) -> u32 {
        0
    }

    fn weights_hash(&self) -> Option<String> {
        None
    }

    fn ready(&self) -> Result<(), LlmError> {
        Err(LlmError::Unavailable("there is no model".into()))
    }

    async fn chat(&self, _request: ChatRequest) -> Result<ChatStream, LlmError> {
        Err(LlmError::Unavailable("there is no model".into()))
    }
}

struct Hears;

#[async_trait]
impl Transcriber for Hears {
    fn ready(&self) -> Result<(), SpeechError> {
        Ok(())
    }

    fn models(&self) -> Vec<String> {
        Vec::new()
    }

    async fn transcribe(
        &self,
        _audio: Bytes,
        _file_name: Option<String>,
        _model: Option<String>,
        _options: TranscribeOptions,
    ) -> Result<Transcript, SpeechError> {
        Ok(Transcript {
            language: "en".to_owned(),
            duration_ms: SPOKEN_MS,
            text: SPOKEN.to_owned(),
            ..Transcript::default()
        })
    }
}

/// A shop whose CRM has one lead, with a written and a spoken message.
pub(super) struct Shop {
    pub(super) store: Store,
    pub(super) account: Scoped<Account>,
    pub(super) crm: Arc<FakeCrm>,
    pub(super) casework: Casework,
}

pub(super) fn said(id: &str, at: UnixMs, text: &str) -> RemoteMessage {
    RemoteMessage {
        id: id.to_owned(),
        at,
        who: Who::Customer,
        author: Some("Ines".to_owned()),
        text: text.to_owned(),
        voice: None,
        attachment: None,
    }
}

impl Shop {
    pub(super) async fn open() -> Self {
        let store = Store::open_in_memory().unwrap();
        let written = store.write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let new = NewAccount {
                kind: CrmKind::Generic,
                remote_id: "77",
                client_id: "",
                user_id: None,
                name: "Shop",
                host: "shop.example",
                hook_secret: "fd_crm_secret",
            };
            let tokens = Tokens {
                access: "token".to_owned(),
                refresh: None,
                expires_at: None,
            };
            accounts::keep(tx, shop, &new, Some(&tokens), 1)
        });
        let account = written.await.unwrap();
        let mut spoken = said("v1", 20_000, "");
        spoken.voice = Some(VoiceLink {
            message: "v1".to_owned(),
            url: "https://voice.example/v1.ogg".to_owned(),
            name: Some("v1.ogg".to_owned()),
        });
        let there = There {
            messages: vec![
                said("m1", 10_000, "How much is the beginner course?"),
                spoken,
            ],
            tags: BTreeSet::from(["newsletter".to_owned()]),
            ..There::default()
        };
        let crm = Arc::new(FakeCrm {
            there: Mutex::new(there),
            hung: Notify::new(),
            store: store.clone(),
            account: account.clone(),
        });
        let casework = Self::casework(&store, &crm);
        Self {
            store,
            account,
            crm,
            casework,
        }
    }

    fn casework(store: &Store, crm: &Arc<FakeCrm>) -> Casework {
        Casework::new(Parts {
            store: store.clone(),
            accounts: Arc::new(FakeAccounts { crm: crm.clone() }),
            chat: Arc::new(NoModel),
            transcriber: Arc::new(|_| Arc::new(Hears)),
            quotas: Quotas::new(store.clone()),
            settled: Arc::new(|| true),
        })
    }

    /// As after a kill and a start: nothing that was only in memory is there.
    pub(super) async fn restart(&mut self) {
        self.crm.there().hang = None;
        self.casework = Self::casework(&self.store, &self.crm);
        let resumed = self
            .store
            .write(|tx| crate::store::crm::jobs::resume_all(tx, now()));
        resumed.await.unwrap();
    }

    /// Runs jobs until none is due.
    pub(super) async fn run_all(&self) {
        for _ in 0..100 {
            if !self.casework.run_next().await.unwrap() {
                return;
            }
        }
        panic!("the work does not end");
    }
}
