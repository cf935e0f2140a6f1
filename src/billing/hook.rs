//! What the shop tells: subscriptions, payments and licence keys, in any order and more than once
//! (<https://docs.lemonsqueezy.com/help/webhooks>).

use serde::Deserialize;
use serde_json::{Map, Value};

use super::settings::Settings;
use super::signature::{digest, is_genuine, is_proven};
use super::state::{self, Meaning, Terms};
use super::{Billing, HookError};
use crate::reason::Reason;
use crate::store::billing::{self, Entitlement, EntitlementKind, ShopEvent};
use crate::store::{StoreError, Transaction, UnixMs, WorkspaceId, events, quota, workspaces};

/// Longest name of an event or state that is noted, in characters.
const LONGEST: usize = 60;

/// What became of a message of the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// What was done, for people.
    Done(String),
    /// It was told before.
    Known,
}

#[derive(Deserialize)]
struct Message {
    meta: Meta,
    data: Data,
}

#[derive(Deserialize)]
struct Meta {
    event_name: String,
    #[serde(default)]
    custom_data: Value,
    #[serde(default)]
    test_mode: Option<bool>,
}

#[derive(Deserialize)]
struct Data {
    /// What it is; events of payments carry an invoice.
    #[serde(rename = "type")]
    kind: String,
    id: Value,
    #[serde(default)]
    attributes: Map<String, Value>,
}

impl Billing {
    /// Takes what somebody sent as the shop: the raw body, and the header `X-Signature`.
    ///
    /// # Errors
    /// [`HookError::Signature`] if the shop did not send it, [`HookError::Body`] if it makes no sense.
    pub async fn take(
        &self,
        body: &[u8],
        signature: &str,
        now: UnixMs,
    ) -> Result<Taken, HookError> {
        let (settings, secret) = self.inner.store.read(Settings::load).await?;
        if !settings.enabled || secret.is_empty() {
            return Err(HookError::Off);
        }
        if !is_genuine(&secret, body, signature) {
            return Err(HookError::Signature);
        }
        let message: Message =
            serde_json::from_slice(body).map_err(|error| HookError::Body(Reason::of(error)))?;
        let digest = digest(body);
        let taken = self.inner.store.write(move |tx| {
            if billing::was_told(tx, &digest)? {
                return Ok(Taken::Known);
            }
            let (remote, applied) = apply(tx, &settings, &secret, &message, now)?;
            let told = ShopEvent {
                digest,
                workspace: applied.workspace,
                event: shorten(&message.meta.event_name),
                remote,
                outcome: applied.outcome.clone(),
                received_at: now,
            };
            billing::note(tx, &told)?;
            Ok(Taken::Done(applied.outcome))
        });
        Ok(taken.await?)
    }
}

/// What was done about a message.
struct Applied {
    workspace: Option<WorkspaceId>,
    outcome: String,
}

fn ignored(why: &str) -> Applied {
    Applied {
        workspace: None,
        outcome: format!("ignored: {why}"),
    }
}

/// Does what a message asks for; returns also the id that it is about.
fn apply(
    tx: &Transaction<'_>,
    settings: &Settings,
    secret: &str,
    message: &Message,
    now: UnixMs,
) -> Result<(String, Applied), StoreError> {
    let Data {
        kind,
        id,
        attributes,
    } = &message.data;
    let id = shorten(&text(Some(id)));
    let is_test = message.meta.test_mode == Some(true)
        || attributes.get("test_mode") == Some(&Value::Bool(true));
    let store = text(attributes.get("store_id"));
    if id.is_empty() {
        return Ok((id, ignored("it names nothing")));
    }
    if store != settings.store {
        return Ok((id, ignored("another store")));
    }
    if is_test && !settings.test_mode {
        return Ok((id, ignored("test mode")));
    }
    let applied = match kind.as_str() {
        "subscriptions" => {
            let named = workspace_in(tx, &message.meta.custom_data, secret)?;
            subscription(tx, settings, &id, attributes, named, now)?
        }
        "subscription-invoices" => invoice(tx, attributes)?,
        "license-keys" => licence_key(tx, settings, attributes)?,
        _ => ignored("nothing depends on it"),
    };
    Ok((id, applied))
}

fn subscription(
    tx: &Transaction<'_>,
    settings: &Settings,
    id: &str,
    attributes: &Map<String, Value>,
    named: Option<WorkspaceId>,
    now: UnixMs,
) -> Result<Applied, StoreError> {
    let product = text(attributes.get("product_id"));
    if !settings.is_own(&settings.store, &product) {
        return Ok(ignored("another product"));
    }
    let Some(changed_at) = moment(attributes.get("updated_at")) else {
        return Ok(ignored("it does not say when it changed"));
    };
    let known = billing::find(tx, EntitlementKind::Subscription, id)?;
    if known
        .as_ref()
        .is_some_and(|known| changed_at < known.changed_at)
    {
        return Ok(ignored("something newer is known"));
    }
    let state = shorten(&text(attributes.get("status")));
    let pause = attributes.get("pause").and_then(|pause| pause.get("mode"));
    let terms = Terms {
        ends_at: moment(attributes.get("ends_at")),
        free_pause: pause.and_then(Value::as_str) == Some("free"),
        changed_at,
    };
    let Meaning { until, overdue } = state::of_subscription(&state, terms);
    // Once it is known whose it is, nobody takes it elsewhere by naming another workspace.
    let workspace = known.as_ref().and_then(|known| known.workspace).or(named);
    let (payment, paid_at) = known.map_or((None, None), |known| (known.payment, known.paid_at));
    let entitlement = Entitlement {
        kind: EntitlementKind::Subscription,
        remote: id.to_owned(),
        workspace,
        state,
        product,
        variant: text(attributes.get("variant_id")),
        until,
        overdue,
        payment,
        paid_at,
        key: String::new(),
        changed_at,
    };
    billing::put(tx, &entitlement)?;
    give_plan(tx, settings, &entitlement, now)?;
    let outcome = match workspace {
        Some(_) => format!("the subscription is {}", entitlement.state),
        None => format!(
            "the subscription is {}; nobody knows whose it is",
            entitlement.state
        ),
    };
    Ok(Applied { workspace, outcome })
}

/// Gives a workspace the plan of what it bought, while that works.
pub(super) fn give_plan(
    tx: &Transaction<'_>,
    settings: &Settings,
    of: &Entitlement,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (Some(workspace), Some(plan)) = (of.workspace, settings.plans.get(&of.variant)) else {
        return Ok(());
    };
    if !of.works(now) {
        return Ok(());
    }
    let plan = match quota::get_plan(tx, *plan) {
        Ok(plan) => plan,
        // The owner deleted it meanwhile; what the workspace has stays.
        Err(StoreError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    if quota::plan_of(tx, workspace)?.is_some_and(|has| has.id == plan.id) {
        return Ok(());
    }
    quota::set_plan(tx, workspace, Some(&plan), now)?;
    let data = serde_json::json!({ "plan": plan.id, "variant": of.variant });
    let subject = workspace.to_string();
    events::append(tx, workspace, "plan_chosen", &subject, &data, now)?;
    Ok(())
}

/// A payment: its message carries an invoice, which names the subscription.
fn invoice(tx: &Transaction<'_>, attributes: &Map<String, Value>) -> Result<Applied, StoreError> {
    let subscription = text(attributes.get("subscription_id"));
    let Some(at) = moment(attributes.get("updated_at")) else {
        return Ok(ignored("it does not say when it changed"));
    };
    let Some(mut known) = billing::find(tx, EntitlementKind::Subscription, &subscription)? else {
        return Ok(ignored(
            "the subscription is not known yet; its own message follows",
        ));
    };
    if known.paid_at.is_some_and(|last| at < last) {
        return Ok(ignored("something newer is known"));
    }
    let status = shorten(&text(attributes.get("status")));
    if status == "paid"
        && at >= known.changed_at
        && matches!(known.state.as_str(), "past_due" | "unpaid")
    {
        // Its own message says so too, but may come later.
        (known.until, known.overdue) = (None, false);
    }
    let (workspace, outcome) = (known.workspace, format!("the payment is {status}"));
    (known.payment, known.paid_at) = (Some(status), Some(at));
    billing::put(tx, &known)?;
    Ok(Applied { workspace, outcome })
}

/// A licence key: changes what was activated with it here.
fn licence_key(
    tx: &Transaction<'_>,
    settings: &Settings,
    attributes: &Map<String, Value>,
) -> Result<Applied, StoreError> {
    let product = text(attributes.get("product_id"));
    if !settings.is_own(&settings.store, &product) {
        return Ok(ignored("another product"));
    }
    let (key, at) = (
        text(attributes.get("key")),
        moment(attributes.get("updated_at")),
    );
    let Some(at) = at.filter(|_| !key.is_empty()) else {
        return Ok(ignored("it names no key, or not when it changed"));
    };
    let state = match attributes.get("disabled") {
        Some(Value::Bool(true)) => "disabled".to_owned(),
        Some(Value::Number(number)) if number.as_i64() == Some(1) => "disabled".to_owned(),
        _ => shorten(&text(attributes.get("status"))),
    };
    let meaning = state::of_licence(&state, moment(attributes.get("expires_at")));
    let mut workspace = None;
    for mut known in billing::list(tx, None)? {
        let is_of_key = known.kind == EntitlementKind::Licence && known.key == key;
        if !is_of_key || at < known.changed_at {
            continue;
        }
        workspace = known.workspace.or(workspace);
        known.state.clone_from(&state);
        (known.until, known.changed_at) = (meaning.until, at);
        billing::put(tx, &known)?;
    }
    Ok(match workspace {
        Some(_) => Applied {
            workspace,
            outcome: format!("the licence is {state}"),
        },
        None => ignored("the key is not used here, or something newer is known"),
    })
}

/// The workspace that this front desk opened the page of the shop for.
fn workspace_in(
    tx: &Transaction<'_>,
    custom: &Value,
    secret: &str,
) -> Result<Option<WorkspaceId>, StoreError> {
    let of = |name: &str| custom.get(name).and_then(Value::as_str).unwrap_or_default();
    let Ok(id) = of("workspace").trim().parse::<WorkspaceId>() else {
        return Ok(None);
    };
    // Without it a stranger could subscribe somebody else, and let that end.
    if !is_proven(secret, id, of("proof")) {
        return Ok(None);
    }
    match workspaces::get(tx, id) {
        Ok(found) => Ok(Some(found.id)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A value that may be text or a number.
pub(super) fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A time such as `2026-12-01T13:47:29.000000Z`, in Unix ms.
pub(super) fn moment(value: Option<&Value>) -> Option<UnixMs> {
    let at: jiff::Timestamp = value?.as_str()?.parse().ok()?;
    Some(at.as_millisecond())
}

pub(super) fn shorten(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
