//! The checkers catch what they are for, on sources made up here.

use super::*;

/// The lines of `text`, as the file `file`, that `rank_violations` complains about.
fn rank_lines(file: &str, text: &str) -> Vec<usize> {
    rank_violations(&Source::new(file, text))
        .iter()
        .map(|found| found.line)
        .collect()
}

fn fence_lines(file: &str, text: &str) -> Vec<usize> {
    fence_violations(&Source::new(file, text))
        .iter()
        .map(|found| found.line)
        .collect()
}

#[test]
fn a_higher_rank_is_caught_in_every_spelling() {
    let text = "use crate::http::router;\n\
                use crate::{config::Config, agent::{self, Turn}};\n\
                fn f() -> crate::app::App { todo!() }\n\
                fn g() { let _ = crate::voice::play::<u8>(1); }\n\
                fn h() { assert_eq!(crate::cli::run(), vec![crate::config::get()]); }\n\
                #[derive(Debug)] struct S<T: crate::agent::Reply>(T);";
    assert_eq!(
        rank_lines("src/llm/local/scheduler.rs", text),
        [1, 2, 2, 3, 4, 5, 6]
    );
}

#[test]
fn a_sibling_of_the_same_rank_is_caught() {
    assert_eq!(
        rank_lines("src/speech/mod.rs", "use crate::llm::ChatModel;"),
        [1]
    );
}

#[test]
fn relative_paths_are_followed_out_of_the_module() {
    assert_eq!(
        rank_lines("src/store/mod.rs", "use super::http::router;"),
        [1]
    );
    assert_eq!(
        rank_lines("src/store/rows.rs", "use super::super::http::router;"),
        [1]
    );
    assert_eq!(
        rank_lines("src/store/rows.rs", "use super::{self, super::http, Db};"),
        [1]
    );
    let nested = "mod tests {\n use super::super::super::http::router;\n use super::Row;\n}";
    assert_eq!(rank_lines("src/store/rows.rs", nested), [2]);
}

#[test]
fn the_whole_crate_at_once_is_caught() {
    assert_eq!(
        rank_lines("src/agent/mod.rs", "use crate::*;\nuse super::*;"),
        [1, 2]
    );
    assert_eq!(
        rank_lines("src/agent/mod.rs", "const V: &str = crate::VERSION;"),
        [1]
    );
}

#[test]
fn a_module_without_a_rank_is_caught() {
    assert_eq!(rank_lines("src/helpers/mod.rs", "fn f() {}"), [1]);
}

#[test]
fn lower_ranks_itself_and_other_crates_are_fine() {
    let text = "//! See [`crate::cli`].\n\
                use crate::{config, store::{self, Db}};\n\
                use crate::http::auth;\n\
                use super::problem::Problem;\n\
                use http::StatusCode;\n\
                pub(crate) fn f() -> &'static str { \"crate::cli::run\" }\n\
                mod tests { use super::*; }";
    assert_eq!(rank_lines("src/http/api.rs", text), Vec::<usize>::new());
    assert_eq!(
        rank_lines("src/main.rs", "use crate::cli;"),
        Vec::<usize>::new()
    );
}

#[test]
fn reading_the_environment_outside_config_is_caught() {
    let text = "use std::{env, fs};\n\
                use std::env::var;\n\
                fn f() { println!(\"{}\", ::std::env::var(\"HOME\").unwrap()); }\n\
                fn g() { std::env::current_exe(); env!(\"X\"); std::env::consts::OS; }";
    assert_eq!(fence_lines("src/worker/mod.rs", text), [1, 2, 3]);
    assert_eq!(fence_lines("src/config/load.rs", text), Vec::<usize>::new());
}

#[test]
fn http_and_audio_in_the_wrong_module_are_caught() {
    let text = "use axum::Json;\nuse symphonia::core as audio;";
    assert_eq!(fence_lines("src/agent/reply.rs", text), [1, 2]);
    assert_eq!(fence_lines("src/speech/audio.rs", text), [1]);
    assert_eq!(fence_lines("src/llm/mod.rs", text), [1]);
    assert_eq!(fence_lines("src/http/mod.rs", text), Vec::<usize>::new());
}

#[test]
fn a_second_http_client_is_caught() {
    let text = "fn f() { reqwest::Client::new(); }";
    assert_eq!(fence_lines("src/agent/tools.rs", text), [1]);
    assert_eq!(fence_lines("src/models/verify.rs", text), [1]);
    assert_eq!(
        fence_lines("src/models/fetch.rs", text),
        Vec::<usize>::new()
    );
    assert_eq!(
        fence_lines("src/models/fetch/pip.rs", text),
        Vec::<usize>::new()
    );
}

#[test]
fn a_long_file_is_caught_and_so_is_a_stale_exception() {
    let long = Source::new("src/llm/chat.rs", "\n".repeat(MOST_LINES + 1));
    let short = Source::new("src/llm/chat.rs", "\n".repeat(MOST_LINES));
    let listed = [("src/llm/chat.rs", "a table")];
    assert!(length_violation(&long, &[]).is_some());
    assert!(length_violation(&short, &[]).is_none());
    assert!(length_violation(&long, &listed).is_none());
    assert!(length_violation(&short, &listed).is_some());
}

#[test]
fn a_module_that_does_not_say_what_it_is_is_caught() {
    let undocumented = |file| doc_violation(&Source::new(file, "use crate::config;")).is_some();
    assert!(undocumented("src/agent/mod.rs"));
    assert!(undocumented("src/http/api/mod.rs"));
    assert!(undocumented("src/app.rs"));
    assert!(!undocumented("src/agent/reply.rs"));
    assert!(doc_violation(&Source::new("src/agent/mod.rs", "//! The turn.\n")).is_none());
}

#[test]
fn a_violation_tells_file_line_what_and_remedy() {
    let source = Source::new("src/llm/mod.rs", "\nuse crate::http::router;");
    let told = rank_violations(&source)[0].to_string();
    assert!(told.starts_with("src/llm/mod.rs:2: `llm` (rank 4) names `crate::http::router`"));
    assert!(
        told.contains("→ move what both need below rank 4"),
        "{told}"
    );
}
