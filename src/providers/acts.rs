//! What owners do with providers.

use std::time::Instant;

use url::Url;

use super::error::MOST;
use super::line::Line;
use super::trial::try_out;
use super::{ProviderError, Providers, budget, now};
use crate::access::{Member, Scope};
use crate::egress::{Class, Purpose, Secret};
use crate::store::ProviderId;
use crate::store::providers::{
    self, Mode, Provider, ProviderKind, ProviderUse, Spend, Use, Wanted,
};

/// Who may see and change providers.
const MAY: &[Scope] = &[Scope::Admin];
/// In characters.
const LONGEST_NAME: usize = 60;
const LONGEST_TEXT: usize = 200;
const LONGEST_KEY: usize = 4_000;
/// Names to be redacted, and the characters of one.
const MOST_NAMES: usize = 500;
/// The longest that work may wait here, in ms.
const LONGEST_WAIT: u64 = 600_000;

/// A provider to set up, or what it is to be from now on.
#[derive(Debug, Clone)]
pub struct NewProvider {
    pub wanted: Wanted,
    /// `None` leaves the key as it is; an empty one forgets it.
    pub key: Option<Secret>,
}

/// When a workspace uses a provider for one purpose.
#[derive(Debug, Clone, Copy)]
pub struct UseChange {
    pub purpose: Use,
    pub mode: Mode,
    /// For `Overflow`: how long work may wait here, in ms.
    pub wait_ms: u64,
    /// `None` leaves the purpose on this machine.
    pub provider: Option<ProviderId>,
    pub tell: bool,
}

/// One purpose as it is now; without a provider it stays on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UseView {
    pub purpose: Use,
    pub mode: Mode,
    pub wait_ms: u64,
    pub provider: Option<ProviderId>,
    pub tell: bool,
}

/// Everything about the providers of a workspace.
#[derive(Debug, Clone)]
pub struct Overview {
    /// Each with what was used of it in this month.
    pub providers: Vec<(Provider, Spend)>,
    /// Every purpose, in order.
    pub uses: Vec<UseView>,
    /// Such as `2026-12`.
    pub month: String,
    /// Whether the machine is sealed, so that none of them is reached.
    pub is_sealed: bool,
}

/// What came of a test call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub purpose: Use,
    /// What it answered or did, as a sentence; why not, if it failed.
    pub told: String,
    pub worked: bool,
    pub took_ms: u64,
}

impl Providers {
    /// The providers of the workspace, and when it uses them.
    pub async fn overview(&self, by: &Member) -> Result<Overview, ProviderError> {
        let workspace = by.need(MAY)?;
        let month = budget::month(now());
        let of = month.clone();
        let read = self.inner.store.read(move |conn| {
            let mut all = Vec::new();
            for provider in providers::list(conn, workspace)? {
                let spend = providers::spent(conn, workspace, &of, &provider.name)?;
                all.push((provider, spend));
            }
            Ok((all, providers::uses(conn, workspace)?))
        });
        let (providers, uses) = read.await?;
        let view = |purpose: &Use| {
            let found = uses.iter().find(|used| used.purpose == *purpose);
            UseView {
                purpose: *purpose,
                mode: found.map_or(Mode::Local, |used| used.mode),
                wait_ms: found.map_or(0, |used| used.wait_ms),
                provider: found.map(|used| used.provider),
                tell: found.is_none_or(|used| used.tell),
            }
        };
        Ok(Overview {
            providers,
            uses: Use::ALL.iter().map(view).collect(),
            month,
            is_sealed: !self.inner.gateway.may(Purpose::ChatProvider),
        })
    }

    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, by: &Member, id: ProviderId) -> Result<Provider, ProviderError> {
        let workspace = by.need(MAY)?;
        let found = self
            .inner
            .store
            .read(move |conn| providers::get(conn, workspace, id));
        Ok(found.await?.into_inner())
    }

    /// # Errors
    /// For a field that cannot be used, and for too many providers.
    pub async fn create(&self, by: &Member, new: NewProvider) -> Result<Provider, ProviderError> {
        let workspace = by.need(MAY)?;
        let (wanted, key) = self.check(new)?;
        let key = key.filter(|key| !key.is_empty());
        let made = self.inner.store.write(move |tx| {
            if providers::list(tx, workspace)?.len() >= MOST {
                return Ok(None);
            }
            providers::create(tx, workspace, &wanted, key.as_deref(), now()).map(Some)
        });
        let made = made.await?.ok_or(ProviderError::Most)?;
        self.look_again().await?;
        Ok(made.into_inner())
    }

    /// # Errors
    /// For a field that cannot be used, and `NotFound`.
    pub async fn change(
        &self,
        by: &Member,
        id: ProviderId,
        new: NewProvider,
    ) -> Result<Provider, ProviderError> {
        let workspace = by.need(MAY)?;
        let (wanted, key) = self.check(new)?;
        let changed = self.inner.store.write(move |tx| {
            let provider = providers::get(tx, workspace, id)?;
            // A key is for one server: another address must not get it.
            let moves = origin(&provider.url) != origin(&wanted.url);
            if moves && key.is_none() && provider.has_key {
                return Ok(None);
            }
            let given = key.as_deref().filter(|key| !key.is_empty());
            providers::change(tx, &provider, &wanted, given, now())?;
            if key.as_deref() == Some("") {
                providers::set_key(tx, &provider, None)?;
            }
            providers::get(tx, workspace, id).map(Some)
        });
        let changed = changed.await?.ok_or_else(|| {
            let told = "the key was entered for another address; enter it again for this one";
            ProviderError::field("key", told)
        })?;
        self.look_again().await?;
        Ok(changed.into_inner())
    }

    /// Deletes it with its key; what it was used for stays on this machine from now on.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, by: &Member, id: ProviderId) -> Result<(), ProviderError> {
        let workspace = by.need(MAY)?;
        let deleted = self.inner.store.write(move |tx| {
            let provider = providers::get(tx, workspace, id)?;
            providers::delete(tx, &provider)
        });
        deleted.await?;
        Ok(self.look_again().await?)
    }

    /// Says when a provider is used.
    ///
    /// # Errors
    /// `NotFound`, and if the provider has no model for it.
    pub async fn set_use(&self, by: &Member, change: UseChange) -> Result<(), ProviderError> {
        let workspace = by.need(MAY)?;
        if change.wait_ms > LONGEST_WAIT {
            return Err(ProviderError::field(
                "wait_seconds",
                "work may wait at most 600 seconds",
            ));
        }
        let set = self.inner.store.write(move |tx| {
            let Some(id) = change.provider else {
                providers::clear_use(tx, workspace, change.purpose)?;
                return Ok(Ok(()));
            };
            let provider = providers::get(tx, workspace, id)?;
            if change.mode != Mode::Local
                && let Err(why) = check_use(&provider, change.purpose)
            {
                return Ok(Err(why));
            }
            let new = ProviderUse {
                workspace,
                purpose: change.purpose,
                mode: change.mode,
                wait_ms: change.wait_ms,
                provider: id,
                tell: change.tell,
            };
            providers::set_use(tx, &provider, new, now())?;
            Ok(Ok(()))
        });
        set.await?
            .map_err(|told| ProviderError::field("provider", told))?;
        Ok(self.look_again().await?)
    }

    /// Makes a small request for each purpose that a model is named for. It holds nothing of anybody, and counts like
    /// every other.
    ///
    /// # Errors
    /// `NotFound`. That a call failed is no error: see [`Tried`].
    pub async fn test(&self, by: &Member, id: ProviderId) -> Result<Vec<Tried>, ProviderError> {
        let provider = self.get(by, id).await?;
        let mut tried = Vec::new();
        for purpose in Use::ALL.iter().filter(|purpose| can(&provider, **purpose)) {
            let line = Line::open(self, provider.clone(), true).await?;
            let since = Instant::now();
            let came = try_out(&line, *purpose).await;
            let (told, worked) = match came {
                Ok(told) => (told, true),
                Err(error) => (error.to_string(), false),
            };
            tried.push(Tried {
                purpose: *purpose,
                told,
                worked,
                took_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
            });
        }
        Ok(tried)
    }

    /// Checks what an owner entered, and writes the address in the usual way.
    fn check(&self, new: NewProvider) -> Result<(Wanted, Option<String>), ProviderError> {
        let NewProvider { mut wanted, key } = new;
        wanted.name = line_of(&wanted.name, "name", LONGEST_NAME)?;
        if wanted.name.is_empty() {
            return Err(ProviderError::field("name", "give the provider a name"));
        }
        wanted.region = line_of(&wanted.region, "region", LONGEST_NAME)?;
        wanted.url = self.check_url(&wanted)?;
        let models = &mut wanted.models;
        for model in [
            &mut models.chat,
            &mut models.transcribe,
            &mut models.speak,
            &mut models.voice,
        ] {
            *model = model.as_deref().map(check_model).transpose()?.flatten();
        }
        let known = [Class::Public, Class::Business, Class::Customer];
        wanted.classes.dedup();
        for class in &wanted.classes {
            if !known.iter().any(|one| one.name() == class) {
                let told = format!(
                    "there is no kind of data `{class}`; write public, business or customer"
                );
                return Err(ProviderError::field("classes", told));
            }
        }
        wanted.prices.currency = line_of(&wanted.prices.currency, "prices", 8)?;
        let names = &mut wanted.redaction.names;
        for name in names.iter_mut() {
            *name = line_of(name, "redaction", LONGEST_TEXT)?;
        }
        names.retain(|name| !name.is_empty());
        if names.len() > MOST_NAMES {
            return Err(ProviderError::field(
                "redaction",
                "at most 500 names are redacted",
            ));
        }
        let key = key.map(|key| key.reveal().trim().to_owned());
        let is_bad = |key: &String| {
            key.len() > LONGEST_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if key.as_ref().is_some_and(is_bad) {
            return Err(ProviderError::field(
                "key",
                "a key has no spaces and no letters besides those of English",
            ));
        }
        Ok((wanted, key))
    }

    fn check_url(&self, wanted: &Wanted) -> Result<String, ProviderError> {
        let wrong = |told: String| ProviderError::field("url", told);
        let text = wanted.url.trim();
        if text.len() > 500 {
            return Err(wrong("the address is too long".to_owned()));
        }
        let example = "write the address in full, such as https://api.openai.com/v1";
        let url = Url::parse(text).map_err(|_| wrong(example.to_owned()))?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(wrong(
                "the address may have no ?, no # and no name in it".to_owned(),
            ));
        }
        match self.inner.gateway.check(Purpose::ChatProvider, &url) {
            // A machine that is sealed can still be prepared.
            Err(crate::egress::EgressError::Sealed) => {}
            Err(error) => return Err(wrong(error.to_string())),
            Ok(is_own) => {
                if url.scheme() != "https" && !is_own {
                    return Err(wrong(
                        "the address must begin with https://, unless the setting egress.allow names the machine"
                            .to_owned(),
                    ));
                }
                if wanted.own && !is_own {
                    return Err(wrong(
                        "a machine of your own must be named in the setting egress.allow, with its port".to_owned(),
                    ));
                }
            }
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }
}

fn origin(url: &str) -> Option<url::Origin> {
    Some(Url::parse(url).ok()?.origin())
}

/// Whether a model is named for the purpose and the protocol knows it.
fn can(provider: &Provider, purpose: Use) -> bool {
    let models = &provider.models;
    let (model, kinds): (_, &[ProviderKind]) = match purpose {
        Use::Chat => (
            &models.chat,
            &[
                ProviderKind::OpenAi,
                ProviderKind::Anthropic,
                ProviderKind::Gemini,
            ],
        ),
        Use::Transcribe => (
            &models.transcribe,
            &[ProviderKind::OpenAi, ProviderKind::Deepgram],
        ),
        Use::Speak => (
            &models.speak,
            &[ProviderKind::OpenAi, ProviderKind::Deepgram],
        ),
    };
    model.is_some() && kinds.contains(&provider.kind)
}

/// Why a provider cannot be used for a purpose.
fn check_use(provider: &Provider, purpose: Use) -> Result<(), String> {
    if !can(provider, purpose) {
        return Err("name a model for this purpose at the provider first".to_owned());
    }
    let needed: &[Class] = match purpose {
        Use::Chat | Use::Speak => &[Class::Business, Class::Customer],
        Use::Transcribe => &[Class::Customer],
    };
    let lacks = |class: &&Class| !provider.classes.iter().any(|c| c == class.name());
    match needed.iter().find(lacks) {
        None => Ok(()),
        Some(class) => Err(format!(
            "for this it has to get {} data; allow that at the provider first",
            class.name()
        )),
    }
}

/// A text of one line.
fn line_of(text: &str, field: &'static str, longest: usize) -> Result<String, ProviderError> {
    let text = text.trim();
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        let told = format!("write at most {longest} characters in one line");
        return Err(ProviderError::field(field, told));
    }
    Ok(text.to_owned())
}

/// A model's name is part of an address.
fn check_model(name: &str) -> Result<Option<String>, ProviderError> {
    let name = name.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-@".contains(&byte);
    if name.len() > 120 || !name.bytes().all(fits) || name.contains("..") {
        let told = "a model's name has letters, digits and . _ : / - @ only";
        return Err(ProviderError::field("models", told));
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}
