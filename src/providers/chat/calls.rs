//! Calls of functions, whose parts come one by one; only those that were offered count.

use std::collections::BTreeMap;

use serde_json::Value;

use super::dialect::{CallPart, functions};
use crate::llm::{ChatRequest, ToolCall};

/// The longest arguments of a call, in bytes.
const LONGEST: usize = 1 << 20;

/// Why a call does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadCall {
    /// Nobody offered the function.
    Unasked,
    /// Its arguments are no JSON object.
    Arguments,
}

#[derive(Debug, Default)]
pub(super) struct Calls {
    offered: Vec<String>,
    begun: BTreeMap<u64, ToolCall>,
}

impl Calls {
    pub(super) fn new(request: &ChatRequest) -> Self {
        let offered = functions(request.tools.as_deref()).unwrap_or_default();
        let name = |function: &Value| function.get("name")?.as_str().map(str::to_owned);
        Self {
            offered: offered.iter().filter_map(name).collect(),
            begun: BTreeMap::new(),
        }
    }

    /// # Errors
    /// As soon as it is known that nobody offered the function.
    pub(super) fn add(&mut self, part: CallPart) -> Result<(), BadCall> {
        let call = self.begun.entry(part.index).or_insert_with(|| ToolCall {
            id: String::new(),
            name: String::new(),
            arguments: String::new(),
        });
        if let Some(id) = part.id {
            call.id = id;
        }
        if let Some(name) = part.name.filter(|name| !name.is_empty()) {
            call.name = name;
        }
        if call.arguments.len() + part.arguments.len() > LONGEST {
            return Err(BadCall::Arguments);
        }
        call.arguments.push_str(&part.arguments);
        match call.name.is_empty() || self.offered.contains(&call.name) {
            true => Ok(()),
            false => Err(BadCall::Unasked),
        }
    }

    /// All calls, in their order.
    ///
    /// # Errors
    /// If one has no name or no JSON as arguments.
    pub(super) fn finish(&mut self) -> Result<Vec<ToolCall>, BadCall> {
        let mut calls = Vec::new();
        for (index, mut call) in std::mem::take(&mut self.begun) {
            if call.name.is_empty() {
                return Err(BadCall::Unasked);
            }
            if call.arguments.trim().is_empty() {
                call.arguments = "{}".to_owned();
            }
            if !serde_json::from_str::<Value>(&call.arguments).is_ok_and(|v| v.is_object()) {
                return Err(BadCall::Arguments);
            }
            if call.id.is_empty() {
                call.id = format!("call_{index}");
            }
            calls.push(call);
        }
        Ok(calls)
    }
}
