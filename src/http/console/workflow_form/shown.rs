//! The parts that the page of a draft is made of.

/// A field of the form.
#[derive(Debug, Default)]
pub struct FieldView {
    pub name: String,
    pub label: String,
    pub hint: &'static str,
    pub error: Option<String>,
    pub value: String,
    /// Lines of a text area; 0 for a line.
    pub rows: usize,
    /// What can be chosen; empty if it is written.
    pub choices: Vec<ChoiceView>,
    /// Whether it is ticked, if it is a check box.
    pub ticked: Option<bool>,
}

impl FieldView {
    pub fn is_box(&self) -> bool {
        self.ticked.is_some()
    }

    pub fn is_ticked(&self) -> bool {
        self.ticked == Some(true)
    }
}

#[derive(Debug)]
pub struct ChoiceView {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// A step, or a value that no step asks for.
#[derive(Debug)]
pub struct ItemView {
    /// Its place among the steps, or among the others.
    pub at: usize,
    /// The beginning of the names of its fields.
    pub place: String,
    pub heading: String,
    /// Said of it, where it is no part of the form or has something to know.
    pub note: String,
    pub error: Option<String>,
    pub hidden: Vec<(String, String)>,
    pub fields: Vec<FieldView>,
    /// Other languages, and what is seldom needed.
    pub folded: Vec<FieldView>,
    /// Of a choice, as pairs of a name's field and fields.
    pub options: Vec<OptionView>,
    pub is_choice: bool,
    /// Whether the form changes it.
    pub is_edited: bool,
    pub is_last: bool,
}

impl ItemView {
    pub fn opens(&self) -> bool {
        self.folded.iter().any(|field| field.error.is_some())
    }
}

#[derive(Debug)]
pub struct OptionView {
    pub at: usize,
    pub title: String,
    pub hidden: (String, String),
    pub fields: Vec<FieldView>,
}

#[derive(Debug)]
pub struct FormView {
    /// Codes, with spaces between.
    pub languages: String,
    /// Names of the slots, a line each.
    pub order: String,
    pub error: Option<String>,
    pub fields: Vec<FieldView>,
    pub folded: Vec<FieldView>,
    /// What stands for an answer in a text, and whose answer it is.
    pub answers: Vec<(String, String)>,
    pub steps: Vec<ItemView>,
    pub unasked: Vec<ItemView>,
    pub kinds: Vec<(&'static str, &'static str)>,
    /// Codes and names: those that can be added, and those that can be taken away.
    pub more_languages: Vec<(String, String)>,
    pub own_languages: Vec<(String, String)>,
    pub active: bool,
    pub has_errors: bool,
}

impl FormView {
    pub fn opens(&self) -> bool {
        self.folded.iter().any(|field| field.error.is_some())
    }
}

/// A tool of the workspace, with its arguments.
#[derive(Debug)]
pub struct ToolArguments {
    pub name: String,
    pub title: String,
    /// Names, and whether it cannot be called without.
    pub arguments: Vec<(String, bool)>,
}
