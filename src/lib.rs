//! Frontdesk: the AI front desk that a business runs on its own machine.
//!
//! The crate's map, from the outside in. A module imports only modules of a lower rank
//! (`tests/architecture.rs` enforces it); read them in this order to understand the product:
//! `cli/serve.rs` → `app.rs` → `agent/reply.rs`.
//!
//! | rank | module | what it is |
//! |---|---|---|
//! | 10 | [`cli`] | the commands; parses, calls one thing, prints |
//! | 9 | [`http`] | the router, the pages, the JSON API and the OpenAI-compatible API |
//! | 8 | [`app`] | the composition root: builds everything from the configuration, shuts it down in order |
//! | 7 | [`voice`] | spoken conversations: who speaks, when it is whose turn, what was heard |
//! | 7 | [`eval`] | golden questions, grading, comparing: what a change makes better or worse |
//! | 6 | [`agent`] | one turn of a conversation: question in, grounded answer and receipt out |
//! | 5 | [`knowledge`] | documents → text → chunks → index → passages |
//! | 4 | [`llm`], [`speech`] | language models and speech recognition; they know no conversation |
//! | 4 | [`hours`] | business facts that answer by computation: times in questions, opening hours |
//! | 3 | [`web`] | how a site is walked: robots.txt, sitemaps, addresses, and where to go next |
//! | 3 | [`models`] | the catalogue of weight files, and how they are fetched, checked and converted |
//! | 2 | [`egress`] | the one gate to the outside: requests, streams, and their ledger |
//! | 2 | [`worker`] | child processes for native code: supervisor and frames |
//! | 1 | [`store`] | the encrypted SQLite database, one file per aggregate |
//! | 0 | [`config`] | settings; the only module that reads the environment |
//! | 0 | [`extract`] | foreign bytes to blocks of text; pure, runs in a child process only |
//! | 0 | [`language`] | which language a text is in, its words and sentences; pure |

// Fakes that unit tests share with `tests/it` name this crate as they do there.
#[cfg(test)]
extern crate self as frontdesk;

pub mod agent;
pub mod app;
pub mod cli;
pub mod config;
pub mod egress;
pub mod eval;
pub mod extract;
pub mod hours;
pub mod http;
pub mod knowledge;
pub mod language;
pub mod llm;
pub mod models;
pub mod speech;
pub mod store;
pub mod usage;
pub mod voice;
pub mod web;
pub mod worker;
