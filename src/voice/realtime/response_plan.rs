//! Plans a response: the client's wishes, completed from the session.

use super::config::{Modality, OutputConfig, SessionConfig};
use super::conversation::Conversation;
use super::fault::Fault;
use super::item::{Item, Listen};
use super::orders::{InputItem, ResponseOrder};
use super::tools::Tools;

/// A valid response.
pub(super) struct ResponsePlan {
    pub(super) instructions: String,
    pub(super) modality: Modality,
    pub(super) max_tokens: Option<u32>,
    pub(super) tools: Tools,
    pub(super) output: OutputConfig,
    /// Whether it becomes part of the conversation.
    pub(super) kept: bool,
    pub(super) metadata: Option<Vec<(String, String)>>,
    /// What it answers instead of the conversation.
    pub(super) input: Option<Vec<Item>>,
}

impl ResponseOrder {
    /// Checks the order against the session and fills in what is missing.
    pub(super) fn plan(
        self,
        session: &SessionConfig,
        conversation: &Conversation,
        voices: &[String],
        listen: &mut Listen<'_>,
    ) -> Result<ResponsePlan, Fault> {
        let tools = session.tools.changed(self.tools, "response")?;
        let output = session.output.changed(self.output, voices, "response")?;
        let input = self.input.map(|list| {
            let items = list.into_iter().enumerate();
            let items = items.map(|(n, item)| {
                let at = format!("response.input[{n}]");
                match item {
                    InputItem::New(item) => Item::of(item, &at, listen),
                    InputItem::Known(id) => find_known(id.as_deref(), conversation, &at),
                }
            });
            items.collect::<Result<_, _>>()
        });
        Ok(ResponsePlan {
            instructions: self
                .instructions
                .unwrap_or_else(|| session.instructions.clone()),
            modality: self.modality.unwrap_or(session.modality),
            max_tokens: self.max_tokens.unwrap_or(session.max_tokens),
            tools,
            output,
            kept: !self.apart,
            metadata: self.metadata,
            input: input.transpose()?,
        })
    }
}

fn find_known(id: Option<&str>, conversation: &Conversation, at: &str) -> Result<Item, Fault> {
    let item = id.and_then(|id| conversation.find(id)).cloned();
    item.ok_or_else(|| {
        let message = "there is no such item in the conversation";
        Fault::invalid("item_not_found", message).about(format!("{at}.id"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::realtime::item::{NewItem, NewKind, NewPart, Role};
    use crate::voice::realtime::tools::{Opaque, ToolChoice, ToolsChange};

    fn plan(order: ResponseOrder) -> Result<ResponsePlan, Fault> {
        let listen = &mut |_: &[u8]| Err(Fault::invalid("no", "no sound"));
        let (config, conversation) = (SessionConfig::new("m"), Conversation::default());
        order.plan(&config, &conversation, &[], listen)
    }

    #[test]
    fn a_response_is_as_the_session_unless_it_is_asked_otherwise() {
        let plain = plan(ResponseOrder::default()).unwrap();
        assert!(plain.kept && plain.input.is_none() && plain.modality == Modality::Audio);
        let asked = NewItem {
            id: None,
            kind: NewKind::Message {
                role: Role::User,
                parts: vec![NewPart::Text("q".into())],
            },
        };
        let other = plan(ResponseOrder {
            apart: true,
            modality: Some(Modality::Text),
            max_tokens: Some(Some(5)),
            input: Some(vec![InputItem::New(asked)]),
            ..ResponseOrder::default()
        });
        let other = other.unwrap();
        assert!(!other.kept && other.modality == Modality::Text);
        assert_eq!((other.max_tokens, other.input.unwrap().len()), (Some(5), 1));
    }

    #[test]
    fn what_does_not_fit_the_session_is_refused_with_its_place() {
        let unknown = ResponseOrder {
            input: Some(vec![InputItem::Known(Some("x".into()))]),
            ..ResponseOrder::default()
        };
        let without_tools = ResponseOrder {
            tools: ToolsChange {
                list: None,
                choice: Some((ToolChoice::Any, Opaque::default())),
            },
            ..ResponseOrder::default()
        };
        for (order, param) in [
            (unknown, "response.input[0].id"),
            (without_tools, "response.tool_choice"),
        ] {
            let fault = plan(order).err().unwrap();
            assert_eq!(fault.param.as_deref(), Some(param));
        }
    }
}
