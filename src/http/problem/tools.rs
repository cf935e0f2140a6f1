//! Maps errors of tools to a [`Problem`].

use axum::http::StatusCode;

use super::Problem;
use crate::tools::{ToolError, ToolsError};

impl From<ToolsError> for Problem {
    fn from(error: ToolsError) -> Self {
        let detail = error.to_string();
        match error {
            ToolsError::Wrong { field, detail } => Self::invalid(field, detail),
            ToolsError::Most => Self::new(StatusCode::CONFLICT, "too_many_tools", detail),
            ToolsError::Kind => Self::invalid("kind", detail),
            ToolsError::Import(_) => Self::invalid("document", detail),
            ToolsError::Call(error) => error.into(),
            ToolsError::Denied(error) => error.into(),
            ToolsError::Store(error) => error.into(),
        }
    }
}

impl From<ToolError> for Problem {
    fn from(error: ToolError) -> Self {
        let detail = error.to_string();
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, detail.clone());
        match error {
            ToolError::Arguments(_) => Self::invalid("arguments", detail),
            ToolError::KeyTaken => Self::invalid("key", detail),
            ToolError::Forbidden(_) | ToolError::NotChosen(_) => conflict("tool_forbidden"),
            ToolError::AsksVisitor(_) | ToolError::AsksStaff(_) => conflict("tool_waits"),
            ToolError::Declined | ToolError::Expired => conflict("tool_declined"),
            ToolError::Unknown(_) => conflict("tool_outcome_unknown"),
            ToolError::Failed(_) => Self::new(StatusCode::BAD_GATEWAY, "tool_failed", detail),
            ToolError::Store(error) => error.into(),
        }
    }
}
