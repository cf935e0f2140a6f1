//! Frontdesk: the AI front desk that a business runs on its own machine.
//!
//! The crate's map, from the outside in. A module imports only modules of a lower rank
//! (`tests/architecture.rs` enforces it). The rooms up to rank 7 are crates of their own, so that a change above
//! does not compile them again; each has its `Cargo.toml` in its folder. Read them in this order to understand the product:
//! `cli/serve.rs` → `app/mod.rs` → `agent/reply.rs`.
//!
//! | rank | module | what it is |
//! |---|---|---|
//! | 10 | [`cli`] | the commands; parses, calls one thing, prints |
//! | 9 | [`http`] | the router, the pages, the JSON API and the OpenAI-compatible API |
//! | 8 | [`app`] | the composition root: builds everything from the configuration, shuts it down in order |
//! | 7 | [`voice`] | spoken conversations: who speaks, when it is whose turn, what was heard |
//! | 7 | [`eval`] | golden questions, grading, comparing: what a change makes better or worse |
//! | 6 | [`casework`] | work on the leads of a CRM: conversation, voice messages, analysis, what is written back |
//! | 6 | [`agent`] | one turn of a conversation: question in, grounded answer and receipt out |
//! | 5 | [`knowledge`] | documents → text → chunks → index → passages |
//! | 5 | [`providers`] | services that an owner may turn on beside the local engines, on a leash |
//! | 5 | [`analysis`] | what a conversation says: summary, score, promises, the next step |
//! | 5 | [`analytics`] | figures of a span of days, topics, the weekly digest |
//! | 5 | [`inbox`] | conversations as staff work on them: handing over, assigning, telling |
//! | 5 | [`workflows`] | short procedures in a conversation: what is asked, in which order, what is done |
//! | 4 | [`llm`], [`speech`] | language models and speech recognition; they know no conversation |
//! | 4 | [`tools`] | what an assistant may do elsewhere: endpoints of other programs, calendars |
//! | 4 | [`hours`] | business facts that answer by computation: times in questions, opening hours |
//! | 3 | [`usage`] | whose work goes first, and how much somebody may ask for |
//! | 3 | [`web`] | how a site is walked: robots.txt, sitemaps, addresses, and where to go next |
//! | 3 | [`certificates`] | the certificates for HTTPS: from files, by ACME, from a private authority |
//! | 3 | [`contacts`] | people as the business knows them, and what is to be done for them |
//! | 3 | [`billing`] | what workspaces pay for at the shop of the machine's owner |
//! | 3 | [`mail`], [`webhooks`] | what is told by e-mail and to other programs |
//! | 3 | [`crm`] | customer relationship systems: reading conversations there, writing what was found |
//! | 3 | [`models`] | the catalogue of weight files, and how they are fetched, checked and converted |
//! | 2 | [`access`] | who acts, and what they may do |
//! | 2 | [`egress`] | the one gate to the outside: requests, streams, and their ledger |
//! | 2 | [`worker`] | child processes for native code: supervisor and frames |
//! | 1 | [`store`] | the encrypted SQLite database, one file per aggregate |
//! | 0 | [`config`] | settings; the only module that reads the environment |
//! | 0 | [`extract`] | foreign bytes to blocks of text; pure, runs in a child process only |
//! | 0 | [`language`] | which language a text is in, its words and sentences; pure |
//! | 0 | [`reason`] | a sentence that tells why something failed, with the error behind it |

pub use frontdesk_access as access;
pub use frontdesk_agent as agent;
pub mod app;
pub use frontdesk_billing as billing;
pub use frontdesk_casework as casework;
pub use frontdesk_certificates as certificates;
pub mod cli;
pub mod config;
pub use frontdesk_analysis as analysis;
pub use frontdesk_analytics as analytics;
pub use frontdesk_contacts as contacts;
pub use frontdesk_crm as crm;
pub use frontdesk_egress as egress;
pub use frontdesk_eval as eval;
pub use frontdesk_extract as extract;
pub use frontdesk_hours as hours;
pub mod http;
pub use frontdesk_inbox as inbox;
pub use frontdesk_knowledge as knowledge;
pub use frontdesk_language as language;
pub use frontdesk_llm as llm;
pub use frontdesk_mail as mail;
pub use frontdesk_models as models;
pub use frontdesk_providers as providers;
pub use frontdesk_reason as reason;
pub use frontdesk_speech as speech;
pub use frontdesk_store as store;
pub use frontdesk_tools as tools;
pub use frontdesk_usage as usage;
pub use frontdesk_voice as voice;
pub use frontdesk_web as web;
pub use frontdesk_webhooks as webhooks;
pub use frontdesk_worker as worker;
pub use frontdesk_workflows as workflows;
