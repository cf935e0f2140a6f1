//! What a provider would get, what it is asked to keep, and the list of sub-processors, made from what is turned on.

use serde::Serialize;

use crate::store::providers::{Mode, Provider, ProviderKind, ProviderUse, Use};

/// What one purpose would send to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promise {
    pub purpose: Use,
    /// What it gets, as a sentence.
    pub gets: &'static str,
    /// What it is asked to keep, as a sentence.
    pub keeps: &'static str,
}

/// What the provider would get and be asked to keep for each purpose that it has a model for.
pub fn promises(provider: &Provider) -> Vec<Promise> {
    let models = &provider.models;
    let named = [
        (Use::Chat, models.chat.is_some()),
        (Use::Transcribe, models.transcribe.is_some()),
        (Use::Speak, models.speak.is_some()),
    ];
    let named = named.into_iter().filter(|(_, is_named)| *is_named);
    named
        .map(|(purpose, _)| Promise {
            purpose,
            gets: gets(purpose),
            keeps: keeps(provider.kind, provider.own),
        })
        .collect()
}

fn gets(purpose: Use) -> &'static str {
    match purpose {
        Use::Chat => {
            "The conversation so far, the assistant's instructions and the passages of your documents that belong to \
             the question; without what is redacted."
        }
        Use::Transcribe => {
            "The recording as it is, and its language if that is known; no name and no address."
        }
        Use::Speak => {
            "The text that is to be spoken. A text with details that are to be redacted is spoken on this machine."
        }
    }
}

fn keeps(kind: ProviderKind, own: bool) -> &'static str {
    match (own, kind) {
        (true, _) => "It is a machine of your own: what it keeps is in your hands.",
        (_, ProviderKind::OpenAi) => {
            "Every request says store: false. Logs against abuse are the provider's own rule; see your contract."
        }
        (_, ProviderKind::Anthropic) => {
            "The interface offers no choice; nothing that names a person is sent beside the text. See your contract."
        }
        (_, ProviderKind::Gemini) => {
            "The interface offers no choice; whether texts may be used to train models depends on your plan. See your \
             contract."
        }
        (_, ProviderKind::Deepgram) => {
            "Every request says mip_opt_out=true, so that nothing is kept to train models."
        }
    }
}

/// Somebody who processes data for the business, because the owner turned it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subprocessor {
    pub name: String,
    /// The host that it is reached at.
    pub host: String,
    pub region: String,
    /// What it is used for, and when.
    pub uses: Vec<(Use, Mode)>,
    /// Kinds of data.
    pub classes: Vec<String>,
    pub keeps: &'static str,
    /// Whether it is a machine of the owner's own, and so no sub-processor in law.
    pub own: bool,
}

/// The list, from what is turned on now.
pub fn subprocessors(providers: &[Provider], uses: &[ProviderUse]) -> Vec<Subprocessor> {
    let mut listed = Vec::new();
    for provider in providers.iter().filter(|provider| provider.active) {
        let of_it = uses
            .iter()
            .filter(|used| used.provider == provider.id && used.mode != Mode::Local);
        let uses: Vec<(Use, Mode)> = of_it.map(|used| (used.purpose, used.mode)).collect();
        if uses.is_empty() {
            continue;
        }
        let url = url::Url::parse(&provider.url).ok();
        let host = url.as_ref().and_then(url::Url::host_str);
        listed.push(Subprocessor {
            name: provider.name.clone(),
            host: host.unwrap_or_default().to_owned(),
            region: provider.region.clone(),
            uses,
            classes: provider.classes.clone(),
            keeps: keeps(provider.kind, provider.own),
            own: provider.own,
        });
    }
    listed
}
